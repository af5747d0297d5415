"""Ringstack's control plane; its rooms stand on the object store."""
