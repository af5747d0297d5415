"""Hosts and what they offer, for administrators: aggregates, flavors, moves."""
