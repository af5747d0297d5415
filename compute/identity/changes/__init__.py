"""What changes identity's records, with all that follows from a change."""
