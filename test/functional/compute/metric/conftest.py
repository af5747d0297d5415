"""A cloud of simulated hosts that tells each second how its guests fare."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud

SECTIONS = {"metric": {"interval": "1", "fold_after": "2"}}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("metric")
    with running_cloud(directory, SECTIONS, roles=(*SIMULATED, "metric")) as running:
        yield running
