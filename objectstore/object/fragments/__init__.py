"""Fragments on a device: which belong here, and making those anew that are lost."""
