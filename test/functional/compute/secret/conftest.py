"""A cloud of identity and the key manager, with people of two projects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import RunningCloud, running_cloud

ROLES = ("identity", "key-manager")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("secret"), {}, roles=ROLES) as running:
        yield running
