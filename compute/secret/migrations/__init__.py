"""The room's line of migrations."""
