"""Signing in, and what is of oneself: password, keys, devices."""
