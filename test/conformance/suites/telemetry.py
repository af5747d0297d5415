"""Telemetry's plugin of tempest: alarms by their API, and Gnocchi's live files."""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite


def _added(stage: Stage) -> Configuration:
    return {
        "service_available": {
            "aodh": "true",
            "gnocchi": "true",
            # Agents tell the metric room themselves; there is no collector.
            "ceilometer": "false",
            "sg_core": "false",
        },
        "telemetry_services": {"metric_backends": "gnocchi"},
    }


SUITE = TempestSuite(
    "telemetry",
    "alarms and measures: telemetry's plugin of tempest",
    ("telemetry-tempest-plugin==2.11.0", "gabbi==4.2.3"),
    pattern=r"^telemetry_tempest_plugin",
    added=_added,
)
