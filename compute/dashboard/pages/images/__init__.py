"""Images: uploaded, listed, changed."""
