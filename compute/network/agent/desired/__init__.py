"""From a view to what should be on the host.  Pure."""
