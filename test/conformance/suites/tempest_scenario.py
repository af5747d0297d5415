"""Tempest's scenarios: across the rooms, and into guests that run."""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite

# Guests are emulated: they take longer to boot, and to be moved, than they would.
BUILD_SECONDS = "300"


def _added(stage: Stage) -> Configuration:
    return {
        "compute": {"build_timeout": BUILD_SECONDS},
        "volume": {"build_timeout": BUILD_SECONDS},
        "validation": {"connect_timeout": "120", "ping_timeout": "240"},
        "scenario": {"dhcp_client": "udhcpc"},
        "compute-feature-enabled": {"attach_encrypted_volume": "true"},
    }


SUITE = TempestSuite(
    "tempest-scenario",
    "what people do with servers, networks and volumes, and log in to see",
    pattern=r"^tempest\.scenario",
    added=_added,
    is_real=True,
)
