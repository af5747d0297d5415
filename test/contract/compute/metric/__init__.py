"""Metrics on every database."""
