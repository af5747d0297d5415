"""Metrics: what was measured, aggregated as archive policies say (Gnocchi v1)."""
