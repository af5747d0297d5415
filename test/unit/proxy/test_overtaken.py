"""Writes through a proxy whose clock is behind that of what is there."""

from __future__ import annotations

import pytest

from objectstore.kernel.timestamps import (
    SKEW_FOLLOWED_SECONDS,
    HybridClock,
    from_seconds,
    from_text,
)
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


class Late(HybridClock):
    """Gives a timestamp of some time ago first."""

    def __init__(self, cluster: Cluster, first: int) -> None:
        super().__init__(cluster.clock)
        self._first = first

    def now(self) -> int:
        first, self._first = self._first, 0
        return first or super().now()


def late(cluster: Cluster, seconds: float) -> ProxyApplication:
    """A proxy whose next write is older by so much than what is there."""
    there = from_text(cluster.ask("HEAD", PATH).headers["X-Timestamp"])
    first = there - from_seconds(seconds)
    return ProxyApplication(
        cluster.placement,
        cluster.policies,
        cluster.settings,
        cluster.clock,
        timestamps=Late(cluster, first),
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("missed", [None, 0, 1, 2])
def test_a_clock_that_was_a_little_ahead_is_followed(
    cluster: Cluster, method: str, missed: int | None
) -> None:
    """When one looks what is there, the clock has come there already; and one of the
    primaries may not have had it, and another be away now."""
    primaries = cluster.primaries("object", PATH)
    if missed is not None:
        cluster.faults("object", primaries[missed]).down = True
        assert cluster.ask("PUT", PATH, {}, b"ahead").status == 201
    other = late(cluster, 0.05)
    if missed is not None:
        cluster.faults("object", primaries[missed]).down = False
        cluster.faults("object", primaries[missed - 1]).down = True
    body = b"later" if method == "PUT" else None
    assert cluster.ask(method, PATH, {}, body, app=other).status < 300
    for device in primaries:
        cluster.faults("object", device).down = False
    got = cluster.ask("GET", PATH)
    assert (got.body if body else got.status) == (body or 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_who_was_held_up_does_not_outdo_who_came_later(
    cluster: Cluster, method: str
) -> None:
    """Its client has given it up, perhaps, and said something else since."""
    body = b"given up" if method == "PUT" else None
    answer = cluster.ask(method, PATH, {}, body, app=late(cluster, 2.0))
    assert answer.status in (202, 204)
    assert cluster.ask("GET", PATH).body == b"ahead"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_is_put_later_has_its_own_metadata(
    cluster: Cluster, is_deleted: bool
) -> None:
    """A POST by the clock that is ahead does not outlive the object that it was for."""
    cluster.clock.ahead = 1.0
    named = {"X-Object-Meta-Color": "blue", "X-Delete-After": "1000"}
    assert cluster.ask("POST", PATH, named).status == 202
    other = late(cluster, 0.05)
    if is_deleted:
        assert cluster.ask("DELETE", PATH, app=late(cluster, 0.1)).status == 204
    assert cluster.ask("PUT", PATH, {}, b"later", app=other).status == 201
    got = cluster.ask("GET", PATH)
    assert got.body == b"later"
    assert "X-Delete-At" not in got.headers
    assert "X-Object-Meta-Color" not in got.headers


@pytest.mark.parametrize("body", [b"1", b"2", b"3", b"4"])
def test_what_is_put_later_with_the_same_timestamp_is_the_newer(
    cluster: Cluster, body: bytes
) -> None:
    """Two proxies have followed the same clock."""
    assert cluster.ask("PUT", PATH, {}, body, app=late(cluster, 0)).status == 201
    assert cluster.ask("GET", PATH).body == body


def test_of_two_large_ones_at_once_the_newer_stays(cluster: Cluster) -> None:
    assert cluster.ask("PUT", PATH, {}, LARGE, app=late(cluster, 0.05)).status == 202
    assert cluster.ask("GET", PATH).body == b"ahead"


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


@pytest.mark.parametrize(
    ("method", "headers"),
    [("PUT", {"If-Match": "*"}), ("DELETE", {"If-Match": "*"}), ("POST", {})],
)
def test_one_that_is_too_far_ahead_is_told_of_where_it_was_looked_at_before(
    cluster: Cluster, method: str, headers: dict[str, str]
) -> None:
    other = behind(cluster, SKEW_FOLLOWED_SECONDS + 100)
    body = b"later" if method == "PUT" else None
    assert cluster.ask(method, PATH, headers, body, app=other).status == 503
    assert cluster.ask("GET", PATH).body == b"ahead"
