"""Cinder's API, version 3."""
