"""One broker over SQLite for account and container databases."""
