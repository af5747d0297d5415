"""A cloud of identity, network and load balancers that are served by nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.compute.house import RunningCloud, running_cloud

ROLES = (
    "identity",
    "network",
    "key-manager",
    "load-balancer",
    "balancer-agent",
)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("balancer")
    sections = {"balancer-agent": {"driver": "sim", "look": "0.2"}}
    with running_cloud(directory, sections, roles=ROLES) as running:
        yield running
