"""Tempest and its plugins: their configuration, and how they are run."""
