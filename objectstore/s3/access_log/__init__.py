"""Server access logs of buckets: written down, gathered, delivered as objects."""
