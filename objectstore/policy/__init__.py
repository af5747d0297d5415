"""Storage policies: which ring and how many copies an object gets."""
