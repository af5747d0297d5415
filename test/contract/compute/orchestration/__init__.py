"""The orchestration room on every database."""
