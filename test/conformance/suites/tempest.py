"""Tempest itself: the APIs of identity, images, networks, volumes, servers, objects."""

from __future__ import annotations

from test.conformance.tempest.suite import TempestSuite

SUITE = TempestSuite(
    "tempest", "the rooms' APIs, and scenarios across them", pattern=r"^tempest\.api"
)
