"""Lifecycle rules carried out: what is due, found by an index of days."""
