"""The room's HTTP API."""
