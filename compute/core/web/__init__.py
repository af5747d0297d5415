"""Going out to servers that users name: where to, and no further."""
