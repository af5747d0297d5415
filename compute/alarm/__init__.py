"""Alarms: what watches measures and events, and tells whom it was told to (Aodh v2)."""
