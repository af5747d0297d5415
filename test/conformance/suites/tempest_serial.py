"""Tempest's tests that change what is the whole cloud's: aggregates, server groups."""

from __future__ import annotations

from test.conformance.tempest.suite import TempestSuite

SUITE = TempestSuite(
    "tempest-serial",
    "aggregates of hosts, and groups of servers over several hosts",
    pattern=r"^tempest\.serial_tests",
)
