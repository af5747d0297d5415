"""Fragments read side by side while nodes hang, or falter one after the other."""

from __future__ import annotations

import random

import pytest

from objectstore.kernel.concurrency import Event
from objectstore.kernel.errors import Unavailable
from objectstore.proxy.settings import ProxySettings
from test.unit.proxy.test_fragments import PATH, SEGMENT, Coded

# A busy machine must not pass for a node that hangs.
PATIENT = ProxySettings(
    node_timeout=20, read_patience=0.05, write_grace=0.05, return_patience=0.05
)


@pytest.fixture
def cluster() -> Coded:
    made = Coded()
    made.settings = PATIENT
    made.app = made.another_proxy()
    return made


def stored(cluster: Coded, segments: int) -> bytes:
    body = random.Random(segments).randbytes(segments * SEGMENT)
    assert cluster.put(PATH, body).status == 201
    return body


def test_those_that_stand_in_may_hang_too(cluster: Coded) -> None:
    body = stored(cluster, 2)
    homes = cluster.homes()
    hold = Event()
    try:
        # The fifth is the first that stands in.
        for place in (0, 4):
            cluster.faults("object", homes[place]).hold = hold
        found = cluster.ask("GET", PATH)
        assert (found.status, found.body) == (200, body)
    finally:
        hold.set()


def test_each_node_may_falter_once_in_a_long_read(cluster: Coded) -> None:
    body = stored(cluster, 16)
    for home in cluster.homes():
        cluster.faults("object", home).fail("piece", after=1)
    found = cluster.ask("GET", PATH)
    assert (found.status, found.body) == (200, body)


def test_what_fails_at_once_is_not_asked_for_ever(cluster: Coded) -> None:
    stored(cluster, 16)
    for home in cluster.homes()[:3]:
        faults = cluster.faults("object", home)
        for at in range(1, 200):
            faults.fail("piece", after=at)
    found = cluster.ask("GET", PATH, read=False)
    assert found.status == 200
    with pytest.raises(Unavailable):
        list(found.stream)
    found.stream.close()
