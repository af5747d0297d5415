"""Erasure coding, without processes."""
