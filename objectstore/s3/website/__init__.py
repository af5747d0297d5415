"""Buckets as web sites: what is served on the website domain."""
