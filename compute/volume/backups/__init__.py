"""Backups of volumes: pieces and lists of them, as objects in the ring."""
