"""Which resources are meant: queries as JSON and as text."""
