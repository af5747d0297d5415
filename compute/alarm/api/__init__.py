"""The API: Aodh v2 by HTTP."""
