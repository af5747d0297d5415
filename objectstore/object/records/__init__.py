"""What a device knows of one object: its record, as bytes and as pure rules."""
