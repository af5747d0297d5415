"""Storage policies of several object rings."""
