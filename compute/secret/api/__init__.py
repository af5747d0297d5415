"""The API: Barbican v1 by HTTP."""
