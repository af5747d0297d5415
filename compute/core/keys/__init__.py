"""Keys beside the database, and what is sealed with them."""
