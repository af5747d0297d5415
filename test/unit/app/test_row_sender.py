"""Rows owed: when does the container know?"""

from __future__ import annotations

import pytest

from objectstore.app.row_sender import RowSender
from objectstore.kernel.errors import Unavailable
from objectstore.wire.records import ObjectName, ObjectState
from test.fakes.stepped_clock import SteppedClock
from test.unit.proxy.cluster import Cluster

NOW = 1_700_000_000
RECLAIM_SECONDS = 60
STATE = ObjectState(ObjectName("a", "c", "o"), timestamp=NOW * 100_000, etag="e")


def _forget_container(cluster: Cluster, count: int) -> None:
    """So many of its primaries have been swapped for empty ones."""
    key, _ = cluster.placement.container("a", "c")
    for device in cluster.primaries("container", "/a/c")[:count]:
        cluster.directory.raw["container", device, 0].databases.pop(key, None)


def _send(cluster: Cluster, now: float = NOW + 1) -> None:
    clock = SteppedClock(now)
    sender = RowSender(lambda: cluster.placement, clock, RECLAIM_SECONDS)
    sender.object_row(STATE).wait(5)


def test_a_majority_is_enough() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    _forget_container(cluster, 1)
    _send(cluster)
    assert cluster.ask("GET", "/a/c").text() == "o\n"


def test_new_replicas_do_not_make_the_container_gone() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    _forget_container(cluster, 2)
    with pytest.raises(Unavailable):
        _send(cluster)


def test_replicas_that_do_not_answer_may_have_it() -> None:
    cluster = Cluster()
    for device in cluster.primaries("container", "/a/c")[:1]:
        cluster.set_down(device)
    with pytest.raises(Unavailable):
        _send(cluster)


def test_a_deleted_container_needs_no_row() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    assert cluster.ask("DELETE", "/a/c").status == 204
    _send(cluster)


def test_a_container_that_nobody_has_yet_is_not_gone() -> None:
    """As where the ring has given its only replica to another device."""
    cluster = Cluster()
    with pytest.raises(Unavailable):
        _send(cluster)
    # Its deletion would not be remembered any more.
    _send(cluster, NOW + RECLAIM_SECONDS + 1)


@pytest.mark.parametrize("unfilled", [2, 3])
def test_a_write_whose_container_is_hardly_filled_owes_its_row(unfilled: int) -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    assert cluster.put("/a/c/o", b"before").status == 201
    _forget_container(cluster, unfilled)
    answer = cluster.put("/a/c/o", b"after")
    assert answer.status == 201
    assert answer.headers["X-Ringstack-Row"] == "owed"
    assert cluster.ask("GET", "/a/c/o").text() == "after"
