"""Whoever missed a write, or is met stale, is owed a copy by somebody who has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.repairs import READ_REPAIR_SECONDS, Repairs
from objectstore.wire.records import Receipt
from test.fakes.stepped_clock import SteppedClock
from test.unit.proxy.cluster import Cluster

BOX = "/AUTH_test/box"
KEY = b"k" * 16
STORED, MISSING = Receipt(True), Receipt(False, False)


class Node:
    def __init__(self) -> None:
        self.owed: list[tuple[bytes, list[int]]] = []

    def owe_copy(self, key: bytes, device_ids: Any) -> None:
        self.owed.append((key, list(device_ids)))


@pytest.fixture
def nodes() -> list[Node]:
    return [Node() for _ in range(4)]  # the last one is a handoff


@pytest.fixture
def group(nodes: list[Node]) -> Group[Node]:
    return Group(nodes[:3], [False] * 3, lambda: iter(nodes[3:]), (10, 11, 12))


@pytest.fixture
def repairs() -> Repairs:
    return Repairs(SteppedClock())


def of(*outcomes: Any) -> list[Promise[Any]]:
    return [
        Promise.failed(each) if isinstance(each, Exception) else Promise.of(each)
        for each in outcomes
    ]


def owed(nodes: list[Node]) -> list[list[tuple[bytes, list[int]]]]:
    return [node.owed for node in nodes]


AWAY = Unavailable("away")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((STORED, STORED, STORED), {}),
        ((STORED, STORED, Receipt(False, True)), {}),  # it holds something newer
        ((STORED, STORED, AWAY), {0: [12]}),
        ((AWAY, STORED, AWAY), {1: [10, 12]}),
        ((STORED, STORED, MISSING), {0: [12]}),
        ((STORED, STORED, Rejected(409)), {}),
        ((AWAY, AWAY, AWAY), {}),
        ((STORED, STORED, AWAY, STORED), {3: [12]}),
        ((STORED, STORED, AWAY, AWAY), {0: [12]}),
        ((STORED, STORED, STORED, STORED), {3: [10]}),
    ],
)
def test_after_a_write(
    nodes: list[Node],
    group: Group[Node],
    repairs: Repairs,
    outcomes: tuple[Any, ...],
    expected: dict[int, list[int]],
) -> None:
    asked = list(zip(nodes, of(*outcomes), strict=False))
    repairs.after_write(group, KEY, asked)
    wanted = [[(KEY, expected[n])] if n in expected else [] for n in range(4)]
    assert owed(nodes) == wanted


def test_a_primary_that_was_not_even_asked(
    nodes: list[Node], group: Group[Node], repairs: Repairs
) -> None:
    repairs.after_write(
        group, KEY, list(zip(nodes[1:3], of(STORED, STORED), strict=True))
    )
    assert owed(nodes) == [[], [(KEY, [10])], [], []]


def test_who_fails_late_is_owed_then(
    nodes: list[Node], group: Group[Node], repairs: Repairs
) -> None:
    late: Promise[Any] = Promise()
    good: Promise[Any] = Promise()
    repairs.after_write(
        group, KEY, list(zip(nodes[:3], [*of(STORED), late, good], strict=True))
    )
    assert owed(nodes) == [[]] * 4
    good.resolve(STORED)
    late.fail(AWAY)
    assert owed(nodes) == [[(KEY, [11])], [], [], []]


def test_after_a_read(nodes: list[Node], group: Group[Node], repairs: Repairs) -> None:
    answers = [(nodes[0], "old"), (nodes[1], "new"), (nodes[3], "old")]
    failures: list[Any] = [(nodes[2], Corrupt("bad"))]
    for _ in range(3):
        repairs.after_read(group, KEY, answers, failures, lambda each: each == "new")
    assert owed(nodes) == [[], [(KEY, [10, 12])], [], []]
    repairs._clock.advance(READ_REPAIR_SECONDS)  # type: ignore[attr-defined]
    repairs.after_read(group, KEY, answers, [(nodes[2], AWAY)], "new".__eq__)
    assert nodes[1].owed[1:] == [(KEY, [10])]
    repairs.after_read(group, b"other", answers[1:2], [], "new".__eq__)
    assert len(nodes[1].owed) == 2


# ---- through the proxy ---------------------------------------------------------------


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.make_container(BOX)
    return made


def copies_owed(cluster: Cluster, kind: str) -> dict[bytes, set[int]]:
    found: dict[bytes, set[int]] = {}
    for place, node in cluster.directory.raw.items():
        if place[0] == kind:
            for key, ids in node.copies_owed.items():
                found.setdefault(key, set()).update(ids)
    return found


def key_of(cluster: Cluster, kind: str, *names: str) -> bytes:
    place = getattr(cluster.placement, kind)
    more = {"policy": 0} if kind == "object" else {}
    key: bytes = place(*names, **more)[0]
    return key


@pytest.fixture
def away(cluster: Cluster) -> Iterator[int]:
    """A primary of the object, its container and its account that is away."""
    path = f"{BOX}/one"
    everywhere = set(cluster.primaries("object", path))
    everywhere &= set(cluster.primaries("container", path))
    everywhere &= set(cluster.primaries("account", path))
    device = min(everywhere)
    cluster.set_down(device)
    yield device


@pytest.mark.parametrize("body", [b"small", b"large" * 500_000])
def test_puts_and_deletes_that_missed_a_primary(
    cluster: Cluster, away: int, body: bytes
) -> None:
    path = f"{BOX}/one"
    wanted = {key_of(cluster, "object", "AUTH_test", "box", "one"): {away}}
    assert cluster.put(path, body).status == 201
    assert copies_owed(cluster, "object") == wanted
    rows = {key_of(cluster, "container", "AUTH_test", "box"): {away}}
    assert copies_owed(cluster, "container") == rows
    for place, node in cluster.directory.raw.items():
        if place[0] == "object":
            node.copies_owed.clear()
    assert cluster.ask("POST", path, {"X-Object-Meta-A": "1"}).status == 202
    assert copies_owed(cluster, "object") == wanted
    for place, node in cluster.directory.raw.items():
        if place[0] == "object":
            node.copies_owed.clear()
    assert cluster.ask("DELETE", path).status == 204
    assert copies_owed(cluster, "object") == wanted


def test_containers_that_missed_a_primary(cluster: Cluster, away: int) -> None:
    assert cluster.ask("POST", BOX, {"X-Container-Meta-A": "1"}).status == 204
    key = key_of(cluster, "container", "AUTH_test", "box")
    assert copies_owed(cluster, "container") == {key: {away}}
    assert cluster.ask("PUT", BOX).status == 202
    account = key_of(cluster, "account", "AUTH_test")
    assert copies_owed(cluster, "account")[account] == {away}


def test_all_well_owes_nothing(cluster: Cluster) -> None:
    assert cluster.put(f"{BOX}/one", b"body").status == 201
    assert cluster.ask("GET", f"{BOX}/one").body == b"body"
    assert cluster.ask("DELETE", f"{BOX}/one").status == 204
    for kind in ("object", "container", "account"):
        assert copies_owed(cluster, kind) == {}


def test_a_stale_replica_is_repaired_by_a_read(cluster: Cluster) -> None:
    path = f"{BOX}/one"
    assert cluster.put(path, b"old").status == 201
    device = cluster.primaries("object", path)[0]
    cluster.set_down(device)
    assert cluster.put(path, b"new").status == 201
    cluster.set_down(device, False)
    for place, node in cluster.directory.raw.items():
        if place[0] == "object":
            node.copies_owed.clear()
    assert cluster.ask("GET", path, {"X-Newest": "true"}).body == b"new"
    assert copies_owed(cluster, "object") == {}  # its writer may still be at it
    cluster.clock.ahead += 10
    assert cluster.ask("GET", path, {"X-Newest": "true"}).body == b"new"
    key = key_of(cluster, "object", "AUTH_test", "box", "one")
    assert copies_owed(cluster, "object") == {key: {device}}
    concurrency.sleep(0)
