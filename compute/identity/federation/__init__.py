"""People whom somebody else knows: identity providers, mappings, signing in by them."""
