"""Orders and questions about each of the room's things."""
