"""Signing in: what is asked, who it is, for what scope."""
