"""The identity room as unmodified clients see it."""
