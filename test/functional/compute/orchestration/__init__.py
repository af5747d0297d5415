"""Stacks by the field's own clients."""
