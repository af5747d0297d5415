"""Which objects a container sync sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.container.sync import (
    SYNC_KEY,
    SYNC_TO,
    ContainerSyncStep,
    differences,
    newest,
    read_listing,
    time_of_listing,
)
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.kernel.sync_realms import Realm, Target
from objectstore.kernel.timestamps import HybridClock, to_iso
from objectstore.wire.records import ContainerName, ObjectRow
from test.unit.database.devices import device_at

AT = 170_000_000_000_000


def row(name: str, at: int, deleted: int = 0, modified: int = 0) -> ObjectRow:
    return ObjectRow(name, at, deleted, 1, "a/b", at, "etag", modified or at)


def test_what_is_newer_here_is_sent() -> None:
    rows = [
        row("missing", 5),
        row("newer", 5),
        row("posted", 3, modified=6),
        row("same", 5),
        row("older", 5),
        row("gone", 5, deleted=1),
        row("gone and made again there", 5, deleted=1),
        row("gone everywhere", 5, deleted=1),
    ]
    there = {
        "newer": 4,
        "posted": 3,
        "same": 5,
        "older": 6,
        "gone": 4,
        "gone and made again there": 6,
        "only there": 1,
    }
    sent = [each.name for each in differences(rows, there)]
    assert sent == ["missing", "newer", "posted", "gone"]


def test_nothing_is_sent_twice() -> None:
    rows = [row("a", AT + 1), row("b", AT + 99_999), row("c", AT, modified=AT + 7)]
    there = {each.name: time_of_listing(to_iso(newest(each))) for each in rows}
    assert list(differences(rows, there)) == []


class Peer:
    """Another cluster, which refuses to list some of its containers."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sent: list[str] = []

    def listing(self, marker: str, limit: int) -> Sequence[tuple[str, int]]:
        if self.target.container == "refused":
            raise Rejected(400, "cannot be listed")
        return []

    def send(self, row: ObjectRow) -> None:
        self.sent.append(row.name)

    def remove(self, row: ObjectRow) -> None:
        raise NotImplementedError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContainerStore]:
    device = device_at(tmp_path)
    store = ContainerStore.open(device, HybridClock(SystemClock()))
    yield store
    store.close()
    device.close()


def test_a_peer_that_refuses_does_not_hold_up_the_others(
    store: ContainerStore, caplog: pytest.LogCaptureFixture
) -> None:
    node = LocalContainerNode(store)
    for key, there in ((b"1" * 16, "refused"), (b"2" * 16, "fine")):
        said = {SYNC_TO: f"//R/C/AUTH_b/{there}", SYNC_KEY: "k"}
        metadata = {name: (value, 5) for name, value in said.items()}
        node.create(key, ContainerName("AUTH_a", there), 5, metadata, 0).wait(20)
        node.merge(key, [ObjectRow("x", 6, 0, 1, "t", 6, "e", 6)]).wait(20)
    peers: list[Peer] = []

    def make_peer(account: str, container: str, target: Target, key: str) -> Peer:
        peers.append(Peer(target))
        return peers[-1]

    realm = Realm("R", ("key",), {"C": "http://127.0.0.1/v1"})
    step = ContainerSyncStep(
        store, SystemClock(), {"R": realm}, lambda key: 0, make_peer
    )
    for _ in range(10):
        if step.step() is Progress.DONE and peers:
            break
    assert {peer.target.container: peer.sent for peer in peers} == {
        "refused": [],
        "fine": ["x"],
    }
    assert "container sync of AUTH_a/refused: 400 cannot be listed" in caplog.messages


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}x",
        b"7",
        b'{"error": "busy"}',
        b'[{"subdir": "a/"}]',
        b'[{"name": "b", "last_modified": "yesterday"}]',
        b'[{"name": "b", "last_modified": 7}]',
        b"[" * 100_000,
    ],
)
def test_what_is_no_listing_is_said(body: bytes) -> None:
    with pytest.raises(Unavailable):
        read_listing(body, "")


def test_a_listing_leads_on() -> None:
    page = b'[{"name": "b", "last_modified": "2026-01-02T03:04:05.000000"}]'
    assert [name for name, _ in read_listing(page, "a")] == ["b"]
    assert read_listing(b"", "a") == []
    with pytest.raises(Unavailable, match="before the marker"):
        read_listing(page, "b")
