"""Identity by its own plugin: the rights of each persona, and much that is newer."""

from __future__ import annotations

from test.conformance.tempest.suite import TempestSuite

SUITE = TempestSuite(
    "keystone",
    "identity, by its own plugin of tempest",
    ("keystone-tempest-plugin==0.22.0",),
    pattern=r"^keystone_tempest_plugin",
)
