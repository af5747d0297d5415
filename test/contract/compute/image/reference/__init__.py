"""What Glance's API reference says, in tables of our own making."""
