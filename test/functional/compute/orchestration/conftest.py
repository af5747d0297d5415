"""A cloud of simulated hosts with all that stacks are made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud

# Images may be fetched from servers of the tests.
SECTIONS = {"image": {"web_ports": "", "web_networks_allowed": "127.0.0.1/32"}}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("orchestration")
    roles = tuple(dict.fromkeys((*SIMULATED, "orchestration")))
    with running_cloud(directory, SECTIONS, roles=roles) as running:
        yield running
