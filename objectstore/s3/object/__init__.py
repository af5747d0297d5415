"""Verbs on objects."""
