"""What the room does: load, decide, save."""
