"""Images of disks, kept in the ring: Glance's API, version 2."""
