"""Servers and what they are made of: Nova's API, version 2.1."""
