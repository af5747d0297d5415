"""Verbs on buckets and their configuration."""
