"""Routers, their interfaces and gateways, and floating addresses."""
