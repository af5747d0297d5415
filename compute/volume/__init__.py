"""Volumes: disks that outlive servers (Cinder's API, version 3)."""
