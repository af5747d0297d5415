"""What the room does: load, decide, save, wake; one subject a file."""
