"""Histories of one feature each: what its client does, and what it relies on."""
