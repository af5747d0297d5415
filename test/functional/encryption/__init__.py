"""Encryption at rest, read off the devices."""
