"""Ringstack's blob store: keep the bytes, list them, heal them."""
