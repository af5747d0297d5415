"""The databases of a device: nothing acknowledged is lost, whatever ends it.

A crash is played by copying the device's directory as it is (what a killed
process leaves) and opening the copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Rejected
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ContainerName, ListingQuery, ObjectRow
from test.unit.database.devices import FillableDisk, device_at

KEYS = [hashlib.md5(bytes([n])).digest() for n in range(40)]
KEY = KEYS[0]
ALL = ListingQuery()


class Open:
    """A device with containers, open."""

    def __init__(self, path: Path, disk: FillableDisk, databases_max: int = 64):
        self.path = path
        self.disk = disk
        self.device: Device = device_at(path, disk)
        clock = HybridClock(SystemClock())
        self.store = ContainerStore.open(
            self.device, clock, open_databases_max=databases_max
        )
        self.databases = self.store.databases
        self.node = LocalContainerNode(self.store)

    def create(self, key: bytes = KEY, timestamp: int = 1) -> Any:
        return kept(self.node.create(key, ContainerName("a", "c"), timestamp, {}, 0))

    def merge(self, *rows: ObjectRow, key: bytes = KEY) -> Any:
        return kept(self.node.merge(key, rows))

    def names(self, key: bytes = KEY) -> list[str]:
        return [entry.name for entry in kept(self.node.list(key, ALL))]

    def crashed(self, target: Path) -> Open:
        """Another one on a copy of what is on disk now."""
        shutil.copytree(self.path, target)
        return Open(target, FillableDisk())

    def close(self) -> None:
        self.store.close()
        self.device.close()


def kept(promise: Any) -> Any:
    return promise.wait(20)


def row(name: str, timestamp: int = 5, deleted: int = 0) -> ObjectRow:
    return ObjectRow(name, timestamp, deleted, 1, "t", timestamp, "e", timestamp)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    subject = Open(tmp_path / "first", FillableDisk())
    yield subject
    subject.close()


def test_what_was_acknowledged_is_there_after_a_crash(opened: Open, tmp_path: Path):
    opened.create()
    opened.merge(row("a"), row("b"))
    kept(opened.node.post(KEY, {"X-Container-Meta-A": ("1", 3)}))
    opened.merge(row("b", 6, deleted=1))
    after = opened.crashed(tmp_path / "second")
    assert after.names() == ["a"]
    expected = opened.node.info(KEY).result()
    found = after.node.info(KEY).result()
    assert found.row_digest == expected.row_digest
    assert found.metadata == {"X-Container-Meta-A": "1"}
    after.close()


def test_a_crash_after_folding_and_after_settling(opened: Open, tmp_path: Path):
    opened.create()
    opened.merge(row("a"))
    while opened.databases.changes.fold_some(1):
        pass
    folded = opened.crashed(tmp_path / "folded")
    assert folded.names() == ["a"]
    folded.close()
    opened.databases.changes.settle()
    assert opened.databases.changes.unsettled_bytes == 0
    opened.merge(row("b"))
    settled = opened.crashed(tmp_path / "settled")
    assert settled.names() == ["a", "b"]
    settled.close()


def test_replaying_twice_changes_nothing(opened: Open, tmp_path: Path):
    opened.create()
    opened.merge(row("a"), row("b", 6, deleted=1))
    opened.merge(row("a", 8))
    info = opened.node.info(KEY).result()
    opened.close()
    os.unlink(opened.path / "device" / "containers" / "applied")
    for _ in range(2):
        again = Open(opened.path, FillableDisk())
        found = again.node.info(KEY).result()
        assert found.row_digest == info.row_digest
        assert (found.object_count, found.bytes_used) == (1, 1)
        again.databases.changes.fold_some(10)
        again.store.databases.journal.close()
        again.device.close()
    opened.__init__(tmp_path / "other", FillableDisk())  # for the fixture to close


def test_the_journal_cut_at_any_byte_keeps_a_prefix(opened: Open, tmp_path: Path):
    opened.create()
    for n in range(6):
        opened.merge(row(f"{n}"))
    (log,) = (opened.path / "device/containers/journal").iterdir()
    end = opened.databases.journal.end.offset
    seen = set()
    for cut in (*range(64, end, 7), end):
        copy = tmp_path / str(cut)
        shutil.copytree(opened.path, copy)
        # Power was lost: of the SQLite files nothing had reached the disk.
        for directory in (copy / "device/containers").glob("??"):
            shutil.rmtree(directory)
        os.truncate(copy / "device/containers/journal" / log.name, cut)
        after = Open(copy, FillableDisk())
        if after.node.info(KEY).result() is None:
            names: list[str] | None = None
        else:
            names = after.names()
            assert names == [str(n) for n in range(len(names))]
        seen.add(None if names is None else len(names))
        after.close()
        shutil.rmtree(copy)
    assert seen == {None, *range(7)}


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_creation_that_power_loss_tore_is_replayed(
    opened: Open, tmp_path: Path, page: int
):
    opened.create()
    opened.merge(row("a"))
    copy = tmp_path / "torn"
    shutil.copytree(opened.path, copy)
    (path,) = (copy / "device/containers").glob("??/*.db")
    for companion in (f"{path}-wal", f"{path}-shm"):
        if os.path.exists(companion):
            os.unlink(companion)
    with open(path, "r+b") as file:
        file.seek(page * 4096)
        file.write(bytes(4096))
    after = Open(copy, FillableDisk())
    assert after.names() == ["a"]
    after.close()


def test_settling_lets_go_of_segments(opened: Open):
    opened.create()
    for _ in range(3):
        opened.merge(row("a", opened.databases.journal.end.offset))
        opened.databases.journal.roll()
    assert len(opened.databases.journal.segments()) == 3
    opened.databases.changes.settle()
    assert len(opened.databases.journal.segments()) == 1
    assert opened.databases.changes.unsettled_bytes == 0


def test_a_full_disk_refuses_and_loses_nothing(opened: Open, tmp_path: Path):
    opened.create()
    opened.merge(row("a"))
    opened.disk.is_full = True
    with pytest.raises(InsufficientStorage):
        opened.merge(row("b"))
    with pytest.raises(InsufficientStorage):
        opened.create(KEYS[1])
    with pytest.raises(InsufficientStorage):
        kept(opened.node.post(KEY, {"X-Container-Meta-A": ("1", 3)}))
    assert "a" in opened.names()
    opened.disk.is_full = False
    opened.merge(row("c"))
    after = opened.crashed(tmp_path / "second")
    assert {"a", "c"} <= set(after.names())
    after.close()


def test_a_full_disk_at_the_end_loses_nothing_either(tmp_path: Path):
    subject = Open(tmp_path, FillableDisk())
    subject.create()
    subject.merge(row("a"))
    before = subject.databases.changes.unsettled_bytes
    subject.disk.is_full = True
    subject.close()
    assert before
    again = Open(tmp_path, FillableDisk())
    assert again.names() == ["a"]
    again.close()


def test_rows_wait_for_their_containers_creation(opened: Open, tmp_path: Path):
    """The journal refuses the creation, then takes the rows: they must not be
    acknowledged unless the creation can be replayed too."""
    promise = opened.node.create(KEY, ContainerName("a", "c"), 1, {}, 0)
    opened.disk.is_full = True
    with pytest.raises(InsufficientStorage):
        kept(promise)
    opened.disk.is_full = False
    assert opened.merge(row("a")).found
    copy = tmp_path / "second"
    shutil.copytree(opened.path, copy)
    for directory in (copy / "device/containers").glob("??"):
        shutil.rmtree(directory)
    after = Open(copy, FillableDisk())
    assert after.names() == ["a"]
    after.close()


def test_only_so_many_databases_are_open(tmp_path: Path):
    subject = Open(tmp_path, FillableDisk(), databases_max=4)
    for n, key in enumerate(KEYS):
        subject.create(key)
        subject.merge(row(f"{n}"), key=key)
    assert subject.databases.open_count == 4
    for n, key in enumerate(KEYS):
        assert subject.names(key) == [f"{n}"]
    assert list(subject.databases.keys()) == sorted(KEYS)
    middle = sorted(KEYS)[10:20]
    assert list(subject.databases.keys(middle[0], sorted(KEYS)[20])) == middle
    subject.close()
    again = Open(tmp_path, FillableDisk(), databases_max=4)
    for n, key in enumerate(KEYS):
        assert again.names(key) == [f"{n}"]
    again.close()


def test_replay_opens_no_more_than_that_either(tmp_path: Path):
    subject = Open(tmp_path / "first", FillableDisk())
    for n, key in enumerate(KEYS):
        subject.create(key)
        subject.merge(row(f"{n}"), key=key)
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    again = Open(tmp_path / "second", FillableDisk(), databases_max=4)
    assert again.databases.open_count == 4
    for n, key in enumerate(KEYS):
        assert again.names(key) == [f"{n}"]
    again.close()
    subject.close()


def test_a_corrupt_database_is_put_aside(opened: Open):
    opened.create()
    opened.merge(*[row(f"{n:04}") for n in range(900)])
    opened.databases.changes.settle()
    path = Path(opened.databases.files.path(KEY))
    opened.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * (path.stat().st_size - 4096))
    opened.__init__(opened.path, opened.disk)
    with pytest.raises(Corrupt):
        kept(opened.node.list(KEY, ALL))
    assert kept(opened.node.info(KEY)) is None
    with pytest.raises(Rejected):
        kept(opened.node.list(KEY, ALL))
    aside = list((opened.path / "device/containers/quarantine").iterdir())
    assert any(KEY.hex() in found.name for found in aside)
    opened.create(timestamp=9)
    assert opened.names() == []


def test_names_that_are_no_text_are_refused_and_harm_nobody(opened: Open):
    opened.create()
    with pytest.raises(Rejected):
        opened.merge(row("bad \ud800"))
    opened.merge(row("good"))
    assert opened.names() == ["good"]


def test_long_pages_are_read_in_turns(opened: Open):
    opened.create()
    names = sorted(f"{n % 50:02}/{n:05}" for n in range(3500))
    opened.merge(*[row(name) for name in names])
    assert opened.names() == names
    page = kept(opened.node.rows(KEY, ListingQuery(limit=3000, reverse=True)))
    assert [row.name for row in page.rows] == names[::-1][:3000]
    assert not page.complete
    assert kept(opened.node.rows(KEY, ListingQuery(limit=3500))).complete
    dense = [f"dir{n:05}/x" for n in range(1500)]
    opened.merge(*[row(name) for name in dense])
    for reverse in (False, True):
        query = ListingQuery(delimiter="/", prefix="dir", reverse=reverse)
        listed = [entry.name for entry in kept(opened.node.list(KEY, query))]
        wanted = [name[:-1] for name in dense]
        assert listed == (wanted[::-1] if reverse else wanted)
