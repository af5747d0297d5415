"""The identity room on every database."""
