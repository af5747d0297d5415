"""Clouds for each worker of a parallel run: simulated in one process, and in parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import RunningCloud, running_cloud
from test.functional.compute.parted import Parted, parted_on_servers


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="session")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parted]:
    with parted_on_servers(tmp_path_factory.mktemp("parted")) as found:
        yield found
