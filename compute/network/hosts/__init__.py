"""What hosts are told, and what their agents tell."""
