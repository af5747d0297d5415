"""A cloud of simulated hosts that tells each second how its guests fare."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud
from test.functional.harness.ports import free_ports


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("metric")
    (port,) = free_ports(1)
    sections = {
        "metric": {"interval": "1", "fold_after": "2", "stock_interval": "1"},
        "cloud": {"status_address": f"127.0.0.1:{port}"},
    }
    with running_cloud(directory, sections, roles=(*SIMULATED, "metric")) as running:
        yield running
