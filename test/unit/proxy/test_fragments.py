"""Objects in fragments through a proxy over fake nodes: 4 + 2, eight devices."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator

import pytest

from objectstore.kernel.concurrency import spawn
from objectstore.policy.erasure import WHOLE_BYTES_MAX, Erasure, fragment_space
from objectstore.policy.policies import Policies, Policy
from objectstore.wire.layouts import LAYOUT
from test.fakes.nodes import Faults, MemoryObjectNode
from test.unit.proxy.cluster import Cluster

SEGMENT = 64 * 1024
CODED = Policies([Policy(0, "coded", is_default=True, erasure=Erasure(4, 2, SEGMENT))])
WHOLE = WHOLE_BYTES_MAX
CODED_SIZES = (WHOLE + 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 7)
SIZES = (0, 1, 100, WHOLE, *CODED_SIZES)
PATH = "/AUTH_test/box/o"


class Coded(Cluster):
    def __init__(self, devices: int = 8) -> None:
        super().__init__(policies=CODED, devices=devices, replicas=6)
        self.make_container()

    def homes(self, path: str = PATH) -> list[int]:
        return self.primaries("object", path)

    def fragments(self, device: int) -> MemoryObjectNode:
        wanted = self.ring.devices[device]
        assert wanted is not None
        self.directory.object(wanted, fragment_space(0))
        return self.objects(device, fragment_space(0))

    def fragment_count(self) -> int:
        count = len(self.ring.devices)
        return sum(len(self.fragments(number).objects) for number in range(count))

    def put_chunked(self, path: str, body: bytes) -> int:
        chunked = {"Transfer-Encoding": "chunked"}
        return self.ask("PUT", path, chunked, io.BytesIO(body)).status


@pytest.fixture
def cluster() -> Coded:
    return Coded()


def content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_round_trip(cluster: Coded, size: int) -> None:
    body = content(size)
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    put = cluster.put(PATH, body, X_Object_Meta_Color="red")
    assert (put.status, put.headers["Etag"]) == (201, etag)
    for method in ("GET", "HEAD"):
        found = cluster.ask(method, PATH)
        assert found.status == 200
        assert found.body == (body if method == "GET" else b"")
        assert found.headers["Content-Length"] == str(size)
        assert found.headers["Etag"] == etag
        assert found.headers["X-Object-Meta-Color"] == "red"
        assert LAYOUT not in {name.lower() for name in found.headers}
    listed = cluster.ask("GET", "/AUTH_test/box", {"Accept": "application/json"})
    assert f'"bytes":{size}' in listed.text().replace(" ", "")
    assert cluster.fragment_count() == (6 if size > WHOLE else 0)


@pytest.mark.parametrize("size", SIZES[1:])
def test_ranges(cluster: Coded, size: int) -> None:
    body = content(size)
    cluster.put(PATH, body)
    rng = random.Random(size)
    for _ in range(10):
        start = rng.randrange(size)
        stop = rng.randrange(start, size)
        found = cluster.ask("GET", PATH, {"Range": f"bytes={start}-{stop}"})
        assert (found.status, found.body) == (206, body[start : stop + 1])
    suffix = cluster.ask("GET", PATH, {"Range": "bytes=-5"})
    assert suffix.body == body[-5:]
    several = cluster.ask("GET", PATH, {"Range": "bytes=0-0,-1"})
    assert several.status == 206
    assert body[:1] in several.body and body[-1:] in several.body
    assert cluster.ask("GET", PATH, {"Range": f"bytes={size}-"}).status == 416


def test_a_body_of_unknown_length(cluster: Coded) -> None:
    for size in (0, 5, WHOLE, WHOLE + 1, SEGMENT, 2 * SEGMENT + 1):
        body = content(size)
        assert cluster.put_chunked(PATH, body) == 201
        assert cluster.ask("GET", PATH).body == body


def test_conditions(cluster: Coded) -> None:
    body = content(2 * SEGMENT)
    once = {"If-None-Match": "*"}
    assert cluster.ask("PUT", PATH, once, body).status == 201
    assert cluster.ask("PUT", PATH, once, body).status == 412
    etag = cluster.ask("HEAD", PATH).headers["Etag"]
    assert cluster.ask("GET", PATH, {"If-None-Match": etag}).status == 304
    assert cluster.ask("GET", PATH, {"If-Match": "other"}).status == 412
    assert cluster.ask("PUT", PATH, {"Etag": "0" * 32}, body).status == 422
    assert cluster.ask("GET", PATH).body == body


def test_a_condition_that_may_be_out_of_date_writes_nothing(cluster: Coded) -> None:
    """The name is held for some seconds, and the record comes after the fragments."""
    slow = Faults()
    slow.delay_seconds = 0.02
    begun = slow.wait_for("put")
    for device in cluster.ring.devices:
        assert device is not None
        cluster.directory.object(device, fragment_space(0)).faults = slow

    def hold_up() -> None:
        begun.wait()
        cluster.clock.ahead = 100.0

    spawn(hold_up)
    once = {"If-None-Match": "*"}
    assert cluster.ask("PUT", PATH, once, content(2000)).status == 503
    assert cluster.ask("GET", PATH).status == 404
    # Nobody minds where there was no condition.
    begun.clear()
    cluster.clock.ahead = 0.0
    spawn(hold_up)
    assert cluster.put(PATH, content(2000)).status == 201


def test_metadata_follows_and_the_listing_keeps_the_size(cluster: Coded) -> None:
    body = content(SEGMENT + 5)
    cluster.put(PATH, body)
    posted = cluster.ask("POST", PATH, {"X-Object-Meta-A": "1"})
    assert posted.status == 202
    assert LAYOUT not in {name.lower() for name in posted.headers}
    found = cluster.ask("GET", PATH)
    assert (found.body, found.headers["X-Object-Meta-A"]) == (body, "1")
    listed = cluster.ask("GET", "/AUTH_test/box", {"Accept": "application/json"})
    assert f'"bytes":{len(body)}' in listed.text().replace(" ", "")
    assert cluster.ask("DELETE", PATH).status == 204
    assert cluster.ask("GET", PATH).status == 404


@pytest.mark.parametrize("size", [2000, 3 * SEGMENT])
def test_any_two_devices_may_be_away(cluster: Coded, size: int) -> None:
    old, new = content(size), content(size, 2)
    for lost in ((0, 1), (0, 5), (4, 5), (2, 3)):
        cluster.put(PATH, old)
        homes = cluster.homes()
        for place in lost:
            cluster.set_down(homes[place])
        assert cluster.ask("GET", PATH).body == old
        # Handoffs stand in, so nothing of it is at risk.
        assert cluster.put(PATH, new).status == 201
        assert cluster.ask("GET", PATH).body == new
        for place in lost:
            cluster.set_down(homes[place], False)
        assert cluster.ask("GET", PATH).body == new
        # Two others may go even so.
        for place in range(6):
            if place not in lost:
                cluster.set_down(homes[place])
                break
        assert cluster.ask("GET", PATH).body == new
        cluster.set_down(homes[place], False)


def test_small_ones_survive_the_loss_of_more(cluster: Coded) -> None:
    """Each device has all of it."""
    body = content(WHOLE)
    cluster.put(PATH, body)
    for home in cluster.homes()[1:]:
        cluster.set_down(home)
    assert cluster.ask("GET", PATH).body == body


@pytest.mark.parametrize("size", [2000, 3 * SEGMENT])
def test_too_few_fragments_are_503_and_never_other_bytes(
    cluster: Coded, size: int
) -> None:
    cluster.put(PATH, content(size))
    for place, home in enumerate(cluster.homes()):
        if place < 3:
            fragments = cluster.fragments(home)
            fragments.objects.clear()
    found = cluster.ask("GET", PATH)
    assert found.status == 503
    assert cluster.ask("HEAD", PATH).status == 200


@pytest.mark.parametrize("size", [2000, 3 * SEGMENT])
def test_a_failed_put_leaves_what_was_there(size: int) -> None:
    cluster = Coded(devices=6)  # no handoffs
    old = content(size)
    cluster.put(PATH, old)
    for home in cluster.homes()[:2]:
        cluster.set_down(home)
    assert cluster.put(PATH, content(size, 2)).status == 503
    for home in cluster.homes()[:2]:
        cluster.set_down(home, False)
    assert cluster.ask("GET", PATH).body == old
    # Nothing is left of the attempt.
    assert cluster.fragment_count() == 6


class Cut(io.RawIOBase):
    """A client that leaves."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        count = min(len(view), self._left)
        self._left -= count
        return count


def test_a_client_that_leaves_leaves_nothing(cluster: Coded) -> None:
    old = content(2000)
    cluster.put(PATH, old)
    length = {"Content-Length": str(5 * SEGMENT)}
    assert cluster.ask("PUT", PATH, length, Cut(3 * SEGMENT)).status == 499
    assert cluster.ask("GET", PATH).body == old


def damaged(cluster: Coded, places: range) -> Iterator[MemoryObjectNode]:
    for place in places:
        yield cluster.fragments(cluster.homes()[place])


def test_a_fragment_that_ends_early_is_replaced_midway(cluster: Coded) -> None:
    body = content(6 * SEGMENT)
    cluster.put(PATH, body)
    for at, node in enumerate(damaged(cluster, range(2))):
        (key,) = node.bodies
        node.bodies[key] = node.bodies[key][: (at + 2) * 20000]
    assert cluster.ask("GET", PATH).body == body
    for node in damaged(cluster, range(3)):
        (key,) = node.bodies
        node.bodies[key] = node.bodies[key][:10000]
    assert cluster.ask("GET", PATH).status == 503


def test_slow_nodes_are_not_waited_for(cluster: Coded) -> None:
    body = content(3 * SEGMENT)
    cluster.put(PATH, body)
    for home in cluster.homes()[:2]:
        cluster.faults("object", home).delay_seconds = 0.2
    assert cluster.ask("GET", PATH).body == body


def test_fragments_move_with_their_ring(cluster: Coded) -> None:
    body = content(2 * SEGMENT)
    cluster.put(PATH, body)
    ring = cluster.ring
    key, _ = cluster.placement.object("AUTH_test", "box", "o", 0)
    group = cluster.placement.fragments(key, 0)
    cluster.placement.follow({0: ring}, ring, ring)
    again = cluster.placement.fragments(key, 0)
    assert group is not again
    assert group.device_ids == again.device_ids
    assert cluster.ask("GET", PATH).body == body


def test_a_write_that_is_made_again_keeps_what_the_first_one_named(
    cluster: Coded,
) -> None:
    """A clock that is ahead has written: decision 92."""
    cluster.put(PATH, content(2050))
    cluster.clock.ahead = 100.0
    ahead = cluster.another_proxy()
    assert cluster.ask("PUT", PATH, {}, content(2060), app=ahead).status == 201
    cluster.clock.ahead = 0.0
    behind = cluster.another_proxy()
    assert cluster.ask("PUT", PATH, {}, content(2070), app=behind).status == 201
    assert cluster.ask("GET", PATH).body == content(2070)
    large = content(2 * SEGMENT)
    cluster.clock.ahead = 200.0
    assert cluster.ask("PUT", PATH, {}, content(2060), app=ahead).status == 201
    cluster.clock.ahead = 0.0
    late = cluster.another_proxy()
    # The bytes are given away: the client is asked for them once more.
    assert cluster.ask("PUT", PATH, {}, large, app=late).status == 503
    assert cluster.ask("PUT", PATH, {}, large, app=late).status == 201
    assert cluster.ask("GET", PATH).body == large
