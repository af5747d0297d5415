"""Fakes: working stand-ins, tested by the same suites as the real things."""
