"""Verbs on multipart uploads."""
