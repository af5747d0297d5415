"""Stacks: made of templates, changed, kept as snapshots."""
