"""The auditor of databases: a bit that flips in a file is found, and put aside."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.database.auditor import DatabaseAuditor
from objectstore.database.checking import ROWS_PER_PART
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Corrupt, InsufficientStorage
from objectstore.kernel.loop import Loop
from objectstore.kernel.space import SpaceGuard
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ContainerName, ObjectRow
from test.fakes.stepped_clock import SteppedClock
from test.unit.database.devices import device_at

KEYS = [hashlib.md5(bytes([n])).digest() for n in range(8)]


class World:
    def __init__(self, path: Path) -> None:
        self.clock = SteppedClock()
        self.device = device_at(path)
        clock = HybridClock(SystemClock())
        self.store = ContainerStore.open(self.device, clock)
        self.databases = self.store.databases
        self.node = LocalContainerNode(self.store)
        for key in KEYS:
            name = ContainerName("a", key.hex())
            self.node.create(key, name, 1, {}, 0).wait(10)
            self.add(key, 5)
        self.databases.changes.settle()
        self.auditor = DatabaseAuditor(self.databases, SystemDisk(), self.clock, 0, 0)

    def add(self, key: bytes, count: int) -> None:
        rows = [
            ObjectRow(f"object-{n:06}", 2, 0, n, "text/plain", 2, "etag", 2)
            for n in range(count)
        ]
        self.node.merge(key, rows).wait(10)

    def round(self) -> None:
        Loop(self.auditor).once()

    def is_here(self, key: bytes) -> bool:
        return self.node.info(key).wait(10) is not None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()
    world.device.close()


def test_good_databases_stay(world: World) -> None:
    world.add(KEYS[3], 2 * ROWS_PER_PART + 7)
    world.round()
    mark = world.auditor.mark
    assert (mark.rounds, mark.problems, mark.items_verified) == (1, 0, len(KEYS))
    assert all(map(world.is_here, KEYS))


def test_a_row_that_changed_behind_our_back(world: World) -> None:
    path = world.databases.files.path(KEYS[2])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE object SET size = 99 WHERE name = 'object-000003'")
    other.close()
    world.round()
    assert world.auditor.mark.problems == 1
    assert not world.is_here(KEYS[2])
    assert world.databases.quarantines == 1
    assert sum(map(world.is_here, KEYS)) == len(KEYS) - 1


def test_text_that_is_none_any_more(world: World) -> None:
    path = world.databases.files.path(KEYS[2])
    with sqlite3.connect(path) as other:
        other.execute(
            "UPDATE object SET content_type = CAST(x'74ff' AS TEXT)"
            " WHERE name = 'object-000003'"
        )
    other.close()
    world.round()
    assert world.auditor.mark.problems == 1
    assert not world.is_here(KEYS[2])
    assert world.databases.quarantines == 1


@pytest.mark.parametrize(
    "change",
    [
        "metadata = x'81a1ffa0'",
        "metadata = x'93'",
        "metadata = x'c0'",
        "metadata = x'81a16101'",
        "reported = x'01'",
        "digest = 'text'",
        "created = 'text'",
    ],
)
def test_facts_that_are_none_any_more(world: World, change: str) -> None:
    path = world.databases.files.path(KEYS[2])
    world.store.close()
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE facts SET {change}")
    other.close()
    world.store = ContainerStore.open(world.device, HybridClock(SystemClock()))
    world.databases = world.store.databases
    world.node = LocalContainerNode(world.store)
    with pytest.raises(Corrupt):
        world.is_here(KEYS[2])
    # The others are, and it can be brought back.
    assert sum(map(world.is_here, KEYS)) == len(KEYS) - 1
    assert world.databases.quarantines == 1


def test_a_broken_file(world: World) -> None:
    path = Path(world.databases.files.path(KEYS[5]))
    world.store.close()
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    world.store = ContainerStore.open(world.device, HybridClock(SystemClock()))
    world.databases = world.store.databases
    world.node = LocalContainerNode(world.store)
    world.auditor = DatabaseAuditor(world.databases, SystemDisk(), world.clock, 0, 0)
    world.round()
    assert world.auditor.mark.problems == 1
    assert not world.is_here(KEYS[5])


def test_a_full_device_takes_deletions_only(tmp_path: Path) -> None:
    device = device_at(tmp_path)
    clock = SteppedClock()
    space = SpaceGuard(SystemDisk(), device.path, 0, clock)
    store = ContainerStore.open(device, HybridClock(SystemClock()), space=space)
    node = LocalContainerNode(store)
    node.create(KEYS[0], ContainerName("a", "c"), 1, {}, 0).wait(10)
    row = ObjectRow("o", 2, 0, 1, "text/plain", 2, "etag", 2)
    assert node.merge(KEYS[0], [row]).wait(10).stored
    space.reserve_bytes = 2**62
    with pytest.raises(InsufficientStorage):
        node.merge(KEYS[0], [row._replace(name="p")]).wait(10)
    with pytest.raises(InsufficientStorage):
        node.create(KEYS[1], ContainerName("a", "d"), 1, {}, 0).wait(10)
    gone = ObjectRow("o", 3, 1, 0, "", 0, "", 3)
    assert node.merge(KEYS[0], [gone]).wait(10).stored
    assert node.delete(KEYS[0], 4).wait(10).stored
    store.close()
    device.close()
