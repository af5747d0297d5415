"""Containers tell their accounts; what is not taken stays owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.container.updater import ContainerUpdater
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ContainerName, ContainerRow, ObjectRow
from test.unit.database.devices import device_at


class Account:
    """Takes rows, or does not."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ContainerRow]] = []
        self.away: set[str] = set()
        self.calls = 0

    def send(self, account: str, rows: Sequence[ContainerRow]) -> Promise[Any]:
        self.calls += 1
        if account in self.away:
            return Promise.failed(Unavailable("the account is away"))
        self.rows += [(account, row) for row in rows]
        return Promise.of(None)

    def take(self) -> list[tuple[str, int, int]]:
        rows, self.rows = self.rows, []
        return [(row.name, row.object_count, row.bytes_used) for _, row in rows]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    device = device_at(tmp_path)
    yield device
    device.close()


@pytest.fixture
def store(device: Device) -> Iterator[ContainerStore]:
    store = ContainerStore.open(device, HybridClock(SystemClock()))
    yield store
    store.close()


def key_of(name: str) -> bytes:
    return name.encode().ljust(16)


def create(store: ContainerStore, name: str, account: str = "AUTH_a") -> None:
    node = LocalContainerNode(store)
    node.create(key_of(name), ContainerName(account, name), 5, {}, 2).wait(20)


def merge(store: ContainerStore, name: str, *objects: str) -> None:
    rows = [ObjectRow(each, 6, 0, 10, "t", 6, "e", 6) for each in objects]
    LocalContainerNode(store).merge(key_of(name), rows).wait(20)


def test_changes_are_told_once(store: ContainerStore):
    account = Account()
    updater = ContainerUpdater(store, account.send)
    create(store, "c")
    merge(store, "c", "x", "y")
    updater.step()
    ((owner, row),) = account.rows
    assert owner == "AUTH_a"
    assert (row.timestamp, row.deleted_timestamp, row.policy) == (5, 0, 2)
    assert account.take() == [("c", 2, 20)]
    updater.step()
    assert account.take() == []
    merge(store, "c", "z")
    updater.step()
    assert account.take() == [("c", 3, 30)]


def test_a_later_report_has_a_later_count(store: ContainerStore):
    create(store, "c")
    (first,) = store.unreported(10)
    (second,) = store.unreported(10)
    assert second.row.counted_timestamp > first.row.counted_timestamp


def test_what_is_not_taken_stays_owed_and_holds_up_nobody(store: ContainerStore):
    account = Account()
    updater = ContainerUpdater(store, account.send)
    account.away = {"AUTH_b"}
    for name in "abc":
        create(store, name, f"AUTH_{name}")
    updater.step()
    assert sorted(account.take()) == [("a", 0, 0), ("c", 0, 0)]
    assert (updater.sent, updater.failures) == (2, 1)
    account.away = set()
    updater.step()
    assert account.take() == [("b", 0, 0)]


def test_an_account_hears_of_its_containers_together(store: ContainerStore):
    account = Account()
    updater = ContainerUpdater(store, account.send)
    for name in "abc":
        create(store, name)
    create(store, "d", "AUTH_d")
    updater.step()
    assert account.calls == 2
    assert sorted(name for name, _, _ in account.take()) == ["a", "b", "c", "d"]
    assert updater.sent == 4


def test_a_change_during_the_report_is_told_too(store: ContainerStore):
    create(store, "c")
    (report,) = store.unreported(10)
    merge(store, "c", "x")
    store.reported(report)
    (again,) = store.unreported(10)
    assert again.row.object_count == 1


def test_deletion_is_told(store: ContainerStore):
    account = Account()
    updater = ContainerUpdater(store, account.send)
    create(store, "c")
    updater.step()
    LocalContainerNode(store).delete(key_of("c"), 9).wait(20)
    account.take()
    updater.step()
    ((_, row),) = account.rows
    assert (row.timestamp, row.deleted_timestamp) == (5, 9)


def test_after_a_restart_only_the_unreported_are_told(device: Device):
    account = Account()
    store = ContainerStore.open(device, HybridClock(SystemClock()))
    create(store, "told")
    ContainerUpdater(store, account.send).step()
    create(store, "owed")
    store.close()
    account.take()
    again = ContainerStore.open(device, HybridClock(SystemClock()))
    updater = ContainerUpdater(again, account.send)
    updater.step()
    updater.step()
    assert account.take() == [("owed", 0, 0)]
    assert not again.is_looking_around
    again.close()
