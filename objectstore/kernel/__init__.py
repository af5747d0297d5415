"""What everything else stands on: sockets, disk, clock, errors, settings, log."""
