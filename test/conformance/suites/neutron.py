"""Neutron's own plugin of tempest: the network API in all its extensions.

Scenarios need guests that can be logged in to, and minutes each: they are not among
its usual tests.  ``neutron scenario.test_basic --guests real`` runs one.
"""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite


def _added(stage: Stage) -> Configuration:
    return {
        "neutron_plugin_options": {
            "available_type_drivers": "local,flat",
            "agent_availability_zone": "nova",
            "create_shared_resources": "true",
        },
    }


SUITE = TempestSuite(
    "neutron",
    "networks: the plugin that Neutron's developers keep",
    ("neutron-tempest-plugin==3.3.0",),
    pattern=r"^neutron_tempest_plugin\.api",
    added=_added,
    # Its tests of routers make eleven in one project before they delete any.
    sections={"network": {"quota_router": "50"}},
)
