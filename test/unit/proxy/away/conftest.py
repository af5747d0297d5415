"""A cluster for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from objectstore.kernel import concurrency
from test.unit.proxy.cluster import Cluster


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def released() -> Iterator[concurrency.Event]:
    """What held nodes wait for; set at the end so that no greenlet stays."""
    event = concurrency.Event()
    yield event
    event.set()
    concurrency.sleep(0)
