"""Encryption at rest: keys, blocks, what is stored of them."""
