"""A cloud of identity and network: what these tests need, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import RunningCloud, running_cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("network")
    with running_cloud(directory, roles=("identity", "network")) as running:
        yield running
