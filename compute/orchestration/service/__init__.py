"""What requests do: look, decide, write, wake."""
