"""SQL of the volume room."""
