"""A cloud of simulated hosts with stacks, measures, and alarms that are looked at all
the time and may tell a server of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud

SECTIONS = {
    "alarming": {
        "evaluation_interval": "0.5",
        "webhook_networks_allowed": "127.0.0.1/32",
        "webhook_to_ourselves": "yes",
    },
    "metric": {"interval": "1"},
}
ROLES = (*SIMULATED, "orchestration", "metric", "alarming", "key-manager", "ec2")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("alarm")
    with running_cloud(directory, SECTIONS, roles=ROLES) as running:
        yield running
