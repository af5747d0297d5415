"""Schemas of request bodies, by subject."""
