"""What a server may know of itself: pure functions of its record."""
