"""Writes in fragments while devices run out of room."""

from __future__ import annotations

import random

import pytest

from objectstore.kernel.errors import InsufficientStorage
from test.unit.proxy.test_fragments import PATH, SEGMENT, Coded

OLD, NEW = (random.Random(seed).randbytes(4 * SEGMENT) for seed in (1, 2))


def fill_up(cluster: Coded, places: range, method: str, after: int = 0) -> None:
    for place in places:
        faults = cluster.faults("object", cluster.homes()[place])
        faults.fail(method, after=after, error=InsufficientStorage("full"))


@pytest.fixture
def cluster() -> Coded:
    made = Coded()
    assert made.put(PATH, OLD).status == 201
    return made


def test_handoffs_stand_in_for_full_devices(cluster: Coded) -> None:
    fill_up(cluster, range(2), "begin")
    assert cluster.put(PATH, NEW).status == 201
    assert cluster.ask("GET", PATH).body == NEW
    assert cluster.fragment_count() == 12


def test_one_that_is_full_midway_is_left_out(cluster: Coded) -> None:
    fill_up(cluster, range(1), "write", after=2)
    assert cluster.put(PATH, NEW).status == 201
    assert cluster.ask("GET", PATH).body == NEW


@pytest.mark.parametrize("method", ["write", "commit"])
def test_too_many_that_are_full_midway_refuse_it(cluster: Coded, method: str) -> None:
    fill_up(cluster, range(2), method, after=1 if method == "write" else 0)
    assert cluster.put(PATH, NEW).status == 507
    assert cluster.ask("GET", PATH).body == OLD
    # Nothing takes room that is needed.
    assert cluster.fragment_count() == 6


def test_no_room_for_the_record(cluster: Coded) -> None:
    """The old one or the new one, wholly."""
    fill_up(cluster, range(6), "put")
    for device in set(range(8)) - set(cluster.homes()):
        cluster.faults("object", device).fail("put", error=InsufficientStorage("full"))
    assert cluster.put(PATH, NEW).status == 507
    assert cluster.ask("GET", PATH).body in (OLD, NEW)
    assert cluster.put(PATH, NEW).status == 201
    assert cluster.ask("GET", PATH).body == NEW
