"""Metadata definitions: a dictionary of what things may be told about themselves."""
