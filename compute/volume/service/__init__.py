"""What callers may do with volumes."""
