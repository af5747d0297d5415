"""Replies' bodies: tables of keys with the microversions that have them."""
