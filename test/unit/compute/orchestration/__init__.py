"""Orchestration: templates, plans, the engine, the API."""
