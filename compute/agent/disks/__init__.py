"""The disks of the guests on this host: images fetched, overlays, copies."""
