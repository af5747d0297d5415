"""Metrics by the unmodified client."""
