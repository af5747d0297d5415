"""What the nodes know of accounts, containers, objects: asked, merged, remembered."""
