"""Rows owed: when does the container know?"""

from __future__ import annotations

import pytest

from objectstore.app.row_sender import RowSender
from objectstore.kernel.errors import Unavailable
from objectstore.wire.records import ObjectName, ObjectState
from test.unit.proxy.cluster import Cluster

STATE = ObjectState(ObjectName("a", "c", "o"), timestamp=10, etag="e")


def _forget_container(cluster: Cluster, count: int) -> None:
    """So many of its primaries have been swapped for empty ones."""
    key, _ = cluster.placement.container("a", "c")
    for device in cluster.primaries("container", "/a/c")[:count]:
        cluster.directory.raw["container", device, 0].databases.pop(key, None)


def _send(cluster: Cluster) -> None:
    RowSender(lambda: cluster.placement).object_row(STATE).wait(5)


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


def test_a_container_that_nobody_has_needs_no_row() -> None:
    _send(Cluster())


def test_a_write_whose_container_is_hardly_filled_owes_its_row() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    assert cluster.put("/a/c/before").status == 201
    _forget_container(cluster, 2)
    answer = cluster.put("/a/c/o")
    assert answer.status == 201
    assert answer.headers["X-Ringstack-Row"] == "owed"
