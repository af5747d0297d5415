"""Tokens: what is in them, how they are sealed, when they are revoked."""
