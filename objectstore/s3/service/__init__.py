"""Verbs on the service: buckets of a user, temporary keys."""
