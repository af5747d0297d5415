"""The network room's line of migrations."""
