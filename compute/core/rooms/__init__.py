"""What a room is made from, and how it asks the others."""
