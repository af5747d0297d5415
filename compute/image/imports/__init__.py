"""Images brought from elsewhere: staged, from the web, from another store."""
