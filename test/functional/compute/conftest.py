"""One simulated cloud for each worker of a parallel run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import RunningCloud, running_cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running
