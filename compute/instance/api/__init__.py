"""The room's HTTP: one subject a file, each with its table of routes."""
