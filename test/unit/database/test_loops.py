"""The background loops converge: folded, settled, reclaimed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.database import settling
from objectstore.database.folding import FoldStep
from objectstore.database.reclaiming import ReclaimStep
from objectstore.database.settling import SettleStep
from objectstore.kernel.loop import Loop, Progress
from objectstore.kernel.timestamps import HybridClock, from_seconds
from objectstore.kernel.turns import Line
from objectstore.wire.records import ContainerName, ListingQuery, ObjectRow
from test.unit.database.devices import device_at

KEY, OTHER = b"k" * 16, b"o" * 16


class HandClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[ContainerStore]:
    device = device_at(tmp_path)
    store = ContainerStore.open(device, HybridClock(clock))
    yield store
    store.close()
    device.close()


def create(store: ContainerStore, key: bytes = KEY, seconds: float = 1) -> None:
    name = ContainerName("a", "c")
    node = LocalContainerNode(store)
    node.create(key, name, from_seconds(seconds), {}, 0).wait(20)


def merge(store: ContainerStore, *rows: ObjectRow, key: bytes = KEY) -> None:
    LocalContainerNode(store).merge(key, rows).wait(20)


def row(name: str, seconds: float = 2, deleted: int = 0) -> ObjectRow:
    at = from_seconds(seconds)
    return ObjectRow(name, at, deleted, 1, "t", at, "e", at)


def names(store: ContainerStore) -> list[str]:
    page = LocalContainerNode(store).rows(KEY, ListingQuery()).wait(20)
    return [row.name for row in page.rows]


def test_folding(store: ContainerStore):
    for key in (KEY, OTHER):
        create(store, key)
        merge(store, row("a"), key=key)
    brokers = [store.databases.find(key) for key in (KEY, OTHER)]
    step = FoldStep(store.databases, Line())
    assert step.step() is Progress.BUSY
    assert step.step() is Progress.IDLE
    assert all(broker is not None and broker.is_folded for broker in brokers)
    assert step.step() is Progress.IDLE


def test_settling_when_old_or_large(store: ContainerStore, clock: HandClock):
    step = SettleStep(store.databases, clock, Line())
    clock.now += 2 * settling.SETTLE_SECONDS
    assert step.step() is Progress.IDLE, "nothing has been written"
    create(store)
    assert step.step() is Progress.DONE
    merge(store, row("a"))
    assert step.step() is Progress.IDLE, "neither old nor large"
    clock.now += settling.SETTLE_SECONDS
    assert step.step() is Progress.DONE
    assert store.databases.changes.unsettled_bytes == 0


def test_reclaiming_tombstones_and_metadata(store: ContainerStore, clock: HandClock):
    create(store)
    merge(store, row("old", 100, 1), row("new", 900, 1), row("live", 100))
    node = LocalContainerNode(store)
    for name, value, seconds in (
        ("Old", "", 100),
        ("New", "", 900),
        ("Set", "value", 100),
    ):
        node.post(KEY, {name: (value, from_seconds(seconds))}).wait(20)
    Loop(ReclaimStep(store.databases, clock, 500)).once()
    assert names(store) == ["live", "new"]
    broker = store.databases.find(KEY)
    assert broker is not None
    assert sorted(broker.facts.metadata) == ["New", "Set"]


def test_reclaiming_deleted_databases(store: ContainerStore, clock: HandClock):
    node = LocalContainerNode(store)
    for key, seconds in ((KEY, 100), (OTHER, 900)):
        create(store, key)
        node.delete(key, from_seconds(seconds)).wait(20)
    keep = Loop(ReclaimStep(store.databases, clock, 500, store.is_reported))
    keep.once()
    assert len(list(store.databases.keys())) == 2, "the account must hear of it first"
    for report in store.unreported(10):
        store.reported(report)
    keep.once()
    assert list(store.databases.keys()) == [OTHER]
    create(store, KEY, 950)
    assert names(store) == []
