"""A ring with one replica has moved everything, and nothing has been copied yet."""

from __future__ import annotations

from array import array

import pytest

from ring.ring import Ring
from test.unit.proxy.cluster import Cluster

BOX = "/AUTH_test/box"
PATH = f"{BOX}/o"
DEVICES = 6


def moved_on(ring: Ring, by: int) -> Ring:
    """The same devices, each with what another one had."""
    rows = [array("H", [(each + by) % DEVICES for each in row]) for row in ring.rows]
    return Ring(ring.part_power, ring.devices, rows)


@pytest.fixture(params=range(1, DEVICES))
def cluster(request: pytest.FixtureRequest) -> Cluster:
    cluster = Cluster(devices=DEVICES, replicas=1)
    cluster.make_container(BOX)
    assert cluster.put(PATH, b"before").status == 201
    cluster.ring = moved_on(cluster.ring, request.param)
    cluster.placement.follow({0: cluster.ring}, cluster.ring, cluster.ring)
    cluster.app = cluster.another_proxy()  # which remembers no container
    return cluster


def test_what_is_there_is_found_where_it_was(cluster: Cluster) -> None:
    assert cluster.ask("GET", PATH).text() == "before"
    assert cluster.ask("GET", BOX).text() == "o\n"
    assert cluster.ask("HEAD", f"{BOX}/other").status == 404


def test_another_ring_at_once(cluster: Cluster) -> None:
    cluster.ring = moved_on(cluster.ring, 1)
    cluster.placement.follow({0: cluster.ring}, cluster.ring, cluster.ring)
    assert cluster.ask("GET", PATH).text() == "before"


def test_writes_stay(cluster: Cluster) -> None:
    """A container that has not arrived yet is none that was deleted."""
    answer = cluster.put(PATH, b"after")
    assert answer.status == 201
    assert answer.headers["X-Ringstack-Row"] == "owed"
    assert cluster.ask("GET", PATH).text() == "after"
    cluster.ask("DELETE", PATH)
    assert cluster.ask("GET", PATH).status == 404
