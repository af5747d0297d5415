"""Object storage: containers, and what is in them."""
