"""Whatever happens to one node of three, clients see nothing of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from test.unit.proxy.cluster import Cluster

DEVICES = range(4)
BOX = "/AUTH_test/box"
SMALL, LARGE = b"small", b"large" * 240_000
KINDS = ("object", "container", "account")


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


def life(cluster: Cluster) -> None:
    """Every verb once, with its right outcome."""
    ask, put = cluster.ask, cluster.put
    assert ask("PUT", BOX, {"X-Container-Meta-A": "1"}).status == 201
    assert ask("GET", "/AUTH_test").text() == "box\n"
    for name, body in (("s", SMALL), ("l", LARGE)):
        path = f"{BOX}/{name}"
        assert ask("GET", path).status == 404
        assert put(path, b"first").status == 201
        assert put(path, body).status == 201
        got = ask("GET", path)
        assert (got.status, got.body) == (200, body)
        assert ask("HEAD", path).headers["Content-Length"] == str(len(body))
        assert ask("POST", path, {"X-Object-Meta-B": name}).status == 202
        got = ask("GET", path)
        assert (got.headers["X-Object-Meta-B"], got.body) == (name, body)
        assert ask("PUT", path, {"If-None-Match": "*"}, b"").status == 412
    assert ask("GET", BOX).text() == "l\ns\n"
    assert ask("POST", BOX, {"X-Container-Meta-A": "2"}).status == 204
    head = ask("HEAD", BOX).headers
    assert head["X-Container-Meta-A"] == "2"
    assert head["X-Container-Object-Count"] == "2"
    assert ask("DELETE", BOX).status == 409
    assert ask("DELETE", f"{BOX}/s").status == 204
    assert ask("GET", f"{BOX}/s").status == 404
    assert ask("GET", BOX).text() == "l\n"
    assert ask("DELETE", f"{BOX}/l").status == 204
    assert ask("DELETE", f"{BOX}/l").status == 404
    assert ask("DELETE", BOX).status == 204
    assert ask("GET", BOX).status == 404
    assert ask("GET", "/AUTH_test").text() == ""


def test_all_well(cluster: Cluster) -> None:
    life(cluster)


@pytest.mark.parametrize("device", DEVICES)
def test_down(cluster: Cluster, device: int) -> None:
    cluster.set_down(device)
    life(cluster)


@pytest.mark.parametrize("device", DEVICES)
def test_takes_no_writes(cluster: Cluster, device: int) -> None:
    for kind in KINDS:
        cluster.faults(kind, device).stale = True
    life(cluster)


@pytest.mark.parametrize(("device", "kind"), list(product(DEVICES, KINDS)))
def test_hangs(
    cluster: Cluster, released: concurrency.Event, device: int, kind: str
) -> None:
    cluster.faults(kind, device).hold = released
    life(cluster)


@pytest.mark.parametrize("device", DEVICES)
def test_slow(cluster: Cluster, device: int) -> None:
    for kind in KINDS:
        cluster.faults(kind, device).delay_seconds = 0.001
    life(cluster)


METHODS = {
    "object": (
        "lookup",
        "put",
        "begin",
        "write",
        "commit",
        "post",
        "delete",
        "reserve",
        "read",
        "piece",
    ),
    "container": ("info", "create", "merge", "post", "delete", "list", "rows"),
    "account": ("info", "create", "merge", "list"),
}
CALLS = [(kind, method) for kind, methods in METHODS.items() for method in methods]


@pytest.mark.parametrize("error", [Unavailable, Corrupt])
@pytest.mark.parametrize(("kind", "method"), CALLS)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_one_call_fails(
    cluster: Cluster, kind: str, method: str, after: int, error: type[Exception]
) -> None:
    path = f"{BOX}/s"
    device = cluster.primaries(kind, path)[0]
    cluster.faults(kind, device).fail(method, after=after, error=error("planned"))
    life(cluster)


@pytest.mark.parametrize(("away", "then"), list(product(DEVICES, DEVICES)))
def test_written_with_one_away_read_with_another_away(
    cluster: Cluster, away: int, then: int
) -> None:
    cluster.make_container(BOX)
    names = [f"o{number}" for number in range(8)]
    for name in names:
        assert cluster.put(f"{BOX}/{name}", b"old").status == 201
    cluster.set_down(away)
    for name in names[:4]:
        assert cluster.put(f"{BOX}/{name}", b"new").status == 201
    for name in names[4:]:
        assert cluster.ask("DELETE", f"{BOX}/{name}").status == 204
    cluster.set_down(away, False)
    cluster.set_down(then)
    for name in names[:4]:
        assert cluster.ask("GET", f"{BOX}/{name}").body == b"new"
    for name in names[4:]:
        assert cluster.ask("GET", f"{BOX}/{name}").status == 404
    assert cluster.ask("GET", BOX).text().split() == names[:4]
    assert cluster.ask("HEAD", BOX).status == 204


def test_handoff_takes_the_place_of_a_primary(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    primaries = cluster.primaries("object", path)
    (handoff,) = set(DEVICES) - set(primaries)
    cluster.faults("object", primaries[1]).down = True
    cluster.put(path)
    assert len(cluster.objects(handoff).objects) == 1
    assert cluster.objects(handoff).owed == {}


def test_two_away(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, three = cluster.primaries("object", path)
    cluster.put(path, b"old")
    cluster.faults("object", one).down = True
    cluster.faults("object", two).down = True
    got = cluster.ask("GET", path)
    assert (got.status, got.body) == (200, b"old")
    assert got.headers["X-Ringstack-Consistency"] == "reduced"
    missing = next(
        name
        for name in (f"{BOX}/m{number}" for number in range(1000))
        if {one, two} <= set(cluster.primaries("object", name))
    )
    got = cluster.ask("GET", missing)
    assert got.status == 404
    assert got.headers["X-Ringstack-Consistency"] == "reduced"
    # One primary and one handoff make a quorum of devices.
    assert cluster.put(path, b"new").status == 201
    assert cluster.ask("GET", path).body == b"new"
    assert cluster.ask("PUT", path, {"If-None-Match": "*"}, b"x").status == 503
    cluster.faults("object", three).down = True
    assert cluster.put(path, b"newer").status == 503
    cluster.set_down(next(iter(set(DEVICES) - {one, two, three})))
    assert cluster.ask("GET", path).status == 503
    assert cluster.ask("DELETE", path).status == 503


def test_found_on_handoffs_when_primaries_come_back_empty(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, three = cluster.primaries("object", path)
    cluster.faults("object", one).down = True
    cluster.faults("object", two).down = True
    cluster.put(path, b"new")
    cluster.faults("object", one).down = False
    cluster.faults("object", two).down = False
    cluster.faults("object", three).down = True
    assert cluster.ask("GET", path).body == b"new"


def test_row_is_owed_while_the_container_has_no_quorum(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, _ = cluster.primaries("container", path)
    cluster.faults("container", one).fail("merge")
    cluster.faults("container", two).fail("merge")
    made = cluster.put(path)
    assert made.status == 201
    assert made.headers["X-Ringstack-Row"] == "owed"
    assert sum(len(cluster.objects(device).owed) for device in DEVICES) == 3
    assert "X-Ringstack-Row" not in cluster.put(path).headers
    assert sum(len(cluster.objects(device).owed) for device in DEVICES) == 0


def test_full_devices(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    for method, body in (("put", b"x"), ("begin", LARGE), ("commit", LARGE)):
        for device in DEVICES:
            error = InsufficientStorage("full")
            cluster.faults("object", device).fail(method, error=error)
        assert cluster.put(f"{BOX}/o", body).status == 507, method
        assert cluster.ask("GET", f"{BOX}/o").status == 404


def all_but_one_are_full(cluster: Cluster, device: int, method: str) -> None:
    for other in DEVICES:
        if other != device:
            error = InsufficientStorage("full")
            cluster.faults("object", other).fail(method, error=error)


UPLOADS = [("put", b"x", {}), ("put", b"x", {"If_None_Match": "*"})]
UPLOADS += [("commit", LARGE, {}), ("commit", LARGE, {"If_None_Match": "*"})]


@pytest.mark.parametrize(("method", "body", "headers"), UPLOADS)
@pytest.mark.parametrize("device", DEVICES)
def test_what_one_device_kept_of_a_refused_upload_goes(
    cluster: Cluster, device: int, method: str, body: bytes, headers: dict[str, str]
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    all_but_one_are_full(cluster, device, method)
    assert cluster.put(path, body, **headers).status == 507
    # Whoever reads, and whatever that device tells others later: it is gone.
    for other in DEVICES:
        held = cluster.objects(other).objects.values()
        assert not any(state.exists for state in held)
    assert cluster.ask("GET", path).status == 404
    # What comes later is newer than what was refused.
    assert cluster.put(path, b"again").status == 201
    assert cluster.ask("GET", path).body == b"again"


def test_a_refused_upload_kills_nothing_that_was_there(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    for device in DEVICES:
        cluster.put(path, b"old")
        all_but_one_are_full(cluster, device, "put")
        assert cluster.put(path, b"new").status == 507
        assert cluster.ask("GET", path).body in (b"old", b"new")


def test_nor_what_only_those_hold_who_are_away(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, three = cluster.primaries("object", path)
    (handoff,) = set(DEVICES) - {one, two, three}
    for away in ((two, three), (one, handoff)):
        for device in away:
            cluster.faults("object", device).down = True
        if two in away:
            assert cluster.put(path, b"old").status == 201
        else:
            error = InsufficientStorage("full")
            cluster.faults("object", three).fail("commit", error=error)
            assert cluster.put(path, LARGE).status == 507
        for device in away:
            cluster.faults("object", device).down = False
    found = cluster.ask("GET", path, {"X-Newest": "true"})
    assert found.body in (b"old", LARGE)


@pytest.mark.parametrize("pieces", [0, 1, 5])
@pytest.mark.parametrize("error", [Unavailable, Corrupt])
def test_a_replica_breaks_off(
    cluster: Cluster, pieces: int, error: type[Exception]
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(index % 251 for index in range(700_000))
    cluster.put(path, body)
    one, two, _ = cluster.primaries("object", path)
    cluster.faults("object", one).fail("piece", after=pieces, error=error("bad"))
    cluster.faults("object", two).fail("piece", after=1, error=error("bad"))
    assert cluster.ask("GET", path).body == body


def test_an_upload_loses_one_replica_but_not_two(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(5 * 1024 * 1024)
    one, two, _ = cluster.primaries("object", path)
    cluster.faults("object", one).fail("write", after=3)
    assert cluster.put(path, body).status == 201
    assert cluster.ask("GET", path).body == body
    cluster.faults("object", one).fail("write", after=2)
    cluster.faults("object", two).fail("write", after=4)
    assert cluster.put(f"{BOX}/m", body).status == 503
    assert cluster.ask("GET", f"{BOX}/m").status == 404
    assert cluster.ask("GET", BOX).text() == "l\n"


class _Breaking(io.BytesIO):
    """A client that is gone, or stalls, after some bytes."""

    def __init__(self, size: int, error: Exception) -> None:
        super().__init__(bytes(size))
        self._error = error

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        size = super().readinto(view)
        if not size:
            raise self._error
        return size

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise self._error
        return data


@pytest.mark.parametrize("size", [100, 300_000, 3_000_000])
@pytest.mark.parametrize("status", [408, 499])
def test_a_client_that_breaks_off(cluster: Cluster, size: int, status: int) -> None:
    cluster.make_container(BOX)
    headers = {"Content-Length": str(size * 2)}
    answer = cluster.ask("PUT", f"{BOX}/o", headers, _Breaking(size, Rejected(status)))
    assert answer.status == status
    assert cluster.ask("GET", f"{BOX}/o").status == 404
    for device in DEVICES:
        calls = cluster.faults("object", device).calls
        assert calls.count("begin") == calls.count("abort")
        assert "commit" not in calls


def test_x_newest_asks_everybody(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, three = cluster.primaries("object", path)
    cluster.put(path, b"old")
    # Only the last primary and the handoff hear of the newer write.
    for device in (one, two):
        cluster.faults("object", device).down = True
    cluster.put(path, b"new")
    for device in (one, two):
        cluster.faults("object", device).down = False
    assert cluster.ask("GET", path, {"X-Newest": "true"}).body == b"new"
    assert cluster.faults("object", three).calls[-1] in ("lookup", "read", "piece")


def test_reduced_views_say_so(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    cluster.put(f"{BOX}/o")
    one, two, three = cluster.primaries("container", BOX)
    assert "X-Ringstack-Consistency" not in cluster.ask("GET", BOX).headers
    for device in (one, two):
        cluster.faults("container", device).down = True
    listed = cluster.ask("GET", BOX)
    assert listed.text() == "o\n"
    assert listed.headers["X-Ringstack-Consistency"] == "reduced"
    (handoff,) = set(DEVICES) - {one, two, three}
    for device in (three, handoff):
        cluster.faults("container", device).down = True
    assert cluster.ask("GET", BOX).status == 503


@pytest.mark.parametrize("hung", [1, 2])
def test_an_upload_to_hung_replicas(
    cluster: Cluster, released: concurrency.Event, hung: int
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(index % 251 for index in range(300_000)) * 10
    cluster.put(path, b"old")
    source = _Hanging(body, 1_500_000)
    devices = cluster.primaries("object", path)[:hung]

    def hang() -> None:
        for device in devices:
            cluster.faults("object", device).hold = released

    source.act = hang
    made = cluster.ask("PUT", path, {"Content-Length": str(len(body))}, source)
    assert made.status == (201 if hung == 1 else 503)
    for device in devices:
        cluster.faults("object", device).hold = None
    assert cluster.ask("GET", path).body == (body if hung == 1 else b"old")


class _Hanging(io.BytesIO):
    """A body that does something when half of it is read."""

    def __init__(self, data: bytes, at: int) -> None:
        super().__init__(data)
        self._at = at
        self.act = lambda: None

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        if self.tell() >= self._at:
            self.act()
        return super().readinto(view)
