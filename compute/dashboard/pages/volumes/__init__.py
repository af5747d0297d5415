"""Volumes, their groups, copies and types."""
