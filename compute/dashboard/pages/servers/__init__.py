"""Servers: launched, looked at, changed; their groups and key pairs."""
