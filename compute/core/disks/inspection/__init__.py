"""What a disk image says of itself, read from its bytes as they pass by."""
