"""Orchestration: stacks of resources, described by templates (Heat's API v1)."""
