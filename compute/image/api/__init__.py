"""The image API: HTTP in and out, nothing decided here."""
