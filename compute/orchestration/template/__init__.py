"""Templates and environments: read, checked, resolved.  Pure."""
