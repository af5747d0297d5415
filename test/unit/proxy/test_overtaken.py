"""Writes through a proxy whose clock is behind that of what is there."""

from __future__ import annotations

import pytest

from objectstore.kernel.timestamps import SKEW_FOLLOWED_SECONDS
from objectstore.proxy.app import ProxyApplication
from objectstore.wire.nodes import INLINE_BYTES_MAX
from test.unit.proxy.cluster import Cluster

PATH = "/AUTH_test/box/o"
LARGE = b"x" * (INLINE_BYTES_MAX + 1)


@pytest.fixture
def cluster() -> Cluster:
    """``ahead`` is there, and names that one proxy wrote."""
    made = Cluster()
    made.make_container()
    made.put(PATH, b"ahead")
    return made


def behind(cluster: Cluster, seconds: float) -> ProxyApplication:
    """A proxy that has seen nothing of what is there."""
    cluster.clock.ahead = -seconds
    return cluster.another_proxy()


def test_what_is_put_later_is_the_newer(cluster: Cluster) -> None:
    other = behind(cluster, 100)
    assert cluster.ask("PUT", PATH, {}, b"later", app=other).status == 201
    assert cluster.ask("GET", PATH).body == b"later"
    # Listings agree.
    listed = cluster.ask("GET", "/AUTH_test/box", query="format=json").text()
    assert '"bytes":5' in listed.replace(" ", "")


def test_what_is_deleted_later_is_gone(cluster: Cluster) -> None:
    other = behind(cluster, 100)
    assert cluster.ask("DELETE", PATH, app=other).status == 204
    assert cluster.ask("GET", PATH).status == 404
    assert cluster.ask("GET", "/AUTH_test/box").body == b""


def test_a_large_body_is_asked_for_again(cluster: Cluster) -> None:
    other = behind(cluster, 100)
    assert cluster.ask("PUT", PATH, {}, LARGE, app=other).status == 503
    assert cluster.ask("GET", PATH).body == b"ahead"
    # That clock is followed now.
    assert cluster.ask("PUT", PATH, {}, LARGE, app=other).status == 201
    assert cluster.ask("GET", PATH).body == LARGE


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_clock_that_is_too_far_ahead_is_told_of(
    cluster: Cluster, method: str
) -> None:
    other = behind(cluster, SKEW_FOLLOWED_SECONDS + 100)
    body = b"later" if method == "PUT" else None
    assert cluster.ask(method, PATH, {}, body, app=other).status == 503
    assert cluster.ask("GET", PATH).body == b"ahead"
