"""Accounts and containers: their verbs, and changes on a majority of their nodes."""
