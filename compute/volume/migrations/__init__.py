"""The volume room's line of migrations."""
