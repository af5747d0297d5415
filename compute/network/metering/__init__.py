"""Meters: how much passes between routers' networks and what is outside."""
