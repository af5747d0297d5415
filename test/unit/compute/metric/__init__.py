"""Metrics: series, searches, operations, the room."""
