"""Whatever happens to one node of three, clients see nothing of it; and what they see
when it happens to two.
"""

from __future__ import annotations

from itertools import product

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import (
    Corrupt,
    Unavailable,
)
from test.unit.proxy.away.bodies import BOX, DEVICES, LARGE, SMALL
from test.unit.proxy.cluster import Cluster

KINDS = ("object", "container", "account")


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
