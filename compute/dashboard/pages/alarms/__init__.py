"""Alarms: made, listed, changed."""
