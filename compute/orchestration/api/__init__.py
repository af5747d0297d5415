"""Heat's API v1."""
