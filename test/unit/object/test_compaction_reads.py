"""What compaction reads, and what it does when that is bad or gone."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.concurrency import sleep, spawn, wait_task
from objectstore.kernel.errors import Corrupt, RingstackError, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.object.index.resting import KEYS_MAX, Rest
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.index_repair import IndexRepair, rebuild_index
from objectstore.object.maintenance.verify import verify
from objectstore.object.records.row import BODY_SEGMENT_AT, STATE_SEGMENT_AT, encode_row
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from test.unit.object.bench import StoreBench, key_of

SEGMENT_BYTES = 8 * 1024 * 1024
LARGE = 700_000
OPTIONS = StoreOptions(reserve_bytes=0, segment_bytes_max=SEGMENT_BYTES)


class Counted:
    """Bytes that are read through the disk from now on."""

    def __init__(self, bench: StoreBench, monkeypatch: pytest.MonkeyPatch) -> None:
        # However far the flusher has come: bodies of rows that SQLite does not yet know
        # to be dead are read.
        bench.store.make_index_durable()
        self.bytes = 0
        pread = bench.disk.pread

        def counted(descriptor: int, length: int, offset: int) -> bytes:
            data = pread(descriptor, length, offset)
            self.bytes += len(data)
            return data

        monkeypatch.setattr(bench.disk, "pread", counted)


def closed(bench: StoreBench) -> list[int]:
    """The segments that take no more records."""
    return sorted(bench.store.journal.closed.sizes())


def spoil(bench: StoreBench, name: str, *, body: bool) -> int:
    """Change a byte of the head or the body of an object's record; its segment."""
    held = bench.store.index.get(key_of(name))
    place = held.body.record
    descriptor = bench.disk.open(bench.segment_path(place.segment), write=True)
    at = held.body.offset + 1 if body else place.offset + 5
    bench.disk.pwrite(descriptor, [b"\xfe"], at)
    bench.disk.close(descriptor)
    return place.segment


def set_aside(bench: StoreBench) -> list[str]:
    """What is in quarantine."""
    return bench.disk.list(bench.store.bodies.quarantine)


def test_little_is_read_of_a_dead_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = StoreBench(OPTIONS)
    for n in range(24):
        bench.put(f"gone{n}", 10, b"%d" % (n % 10) * LARGE)
    for n in range(24):
        bench.delete(f"gone{n}", 20)
    dead = closed(bench)[0]
    size = bench.store.journal.closed.sizes()[dead]
    counted = Counted(bench, monkeypatch)
    Compaction(bench.store).compact(dead)
    assert not bench.store.journal.has(dead)
    assert 0 < counted.bytes < size / 50
    bench.store.close()


def test_of_one_that_is_half_alive_what_lives_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = StoreBench(OPTIONS)
    for n in range(12):
        bench.put(f"name{n}", 10, b"%d" % (n % 10) * LARGE)
    for n in range(0, 12, 2):
        bench.delete(f"name{n}", 20)
    first = closed(bench)[0]
    size = bench.store.journal.closed.sizes()[first]
    counted = Counted(bench, monkeypatch)
    Compaction(bench.store).compact(first)
    # The copies' batches begin within blocks, which are written again.
    assert size * 0.4 < counted.bytes < size * 0.7
    for n in range(1, 12, 2):
        assert bench.body(f"name{n}") == b"%d" % (n % 10) * LARGE
    assert verify(bench.store).problems == []
    bench.store.close()


def test_small_records_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = StoreBench(OPTIONS)
    n = 0
    while not closed(bench):
        bench.put(f"gone{n}", 10, b"gone" * 1024)
        n += 1
    for number in range(n):
        bench.delete(f"gone{number}", 20)
    counted = Counted(bench, monkeypatch)
    size = bench.store.journal.closed.sizes()[1]
    Compaction(bench.store).compact(1)
    # A piece begins where the one before ended, within its window.
    assert counted.bytes < 1.6 * size
    assert not bench.store.journal.has(1)
    bench.store.close()


def test_a_bad_body_that_nobody_needs_is_let_go() -> None:
    bench = StoreBench()
    bench.put("gone", 10, b"gone" * 50)
    bench.put("kept", 10, b"kept" * 50)
    number = spoil(bench, "gone", body=True)
    bench.delete("gone", 20)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    Compaction(bench.store).compact(number)
    assert bench.body("kept") == b"kept" * 50
    assert not bench.store.journal.has(number)
    assert set_aside(bench) == []
    assert verify(bench.store).problems == []
    bench.store.close()


@pytest.mark.parametrize("body", [True, False])
def test_what_is_needed_and_bad_is_quarantined(body: bool) -> None:
    bench = StoreBench()
    for name in ("before", "bad", "after"):
        bench.put(name, 10, name.encode() * 50)
    number = spoil(bench, "bad", body=body)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    Compaction(bench.store).compact(number)
    assert bench.state("bad") is None
    assert key_of("bad") in bench.store.index.quarantined.items
    assert bench.body("before") == b"before" * 50
    assert bench.body("after") == b"after" * 50
    assert len(set_aside(bench)) == 1
    assert verify(bench.store).problems == []
    bench.store.close()


def test_rows_that_are_left_in_a_segment_are_noticed_by_its_count() -> None:
    bench = StoreBench()
    for name in ("first", "last"):
        bench.put(name, 10, name.encode() * 50)
    place = bench.store.index.get(key_of("last")).place
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    path = bench.segment_path(place.segment)
    descriptor = bench.disk.open(path, write=True)
    # The file has lost its end, which nothing in it tells.
    bench.disk.truncate(descriptor, place.offset)
    bench.disk.close(descriptor)
    Compaction(bench.store).compact(place.segment)
    assert bench.body("first") == b"first" * 50
    assert bench.state("last") is None
    assert key_of("last") in bench.store.index.quarantined.items
    assert len(set_aside(bench)) == 1
    bench.store.close()


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_row_that_has_changed_on_disk_keeps_its_segment(is_dead: bool) -> None:
    bench = StoreBench()
    for name in ("kept", "bad"):
        bench.put(name, 10, name.encode() * 50)
    if is_dead:  # a tombstone that is lost brings the old data back
        bench.store.journal.roll()
        bench.delete("bad", 20)
    number = bench.store.index.get(key_of("bad")).place.segment
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    bench.store.make_index_durable()
    # One bit of the segment's number, in the place of the state and of the body.
    index = bench.store.index
    row = bytearray(encode_row(index.get(key_of("bad"))))
    row[STATE_SEGMENT_AT] ^= 0x40
    row[BODY_SEGMENT_AT] ^= 0 if is_dead else 0x40
    with index._writer:
        change = "UPDATE objects SET row = ? WHERE key = ?"
        index._writer.execute(change, (bytes(row), key_of("bad")))
    index._cached.clear()
    index._end_reading()
    with pytest.raises(Corrupt):
        Compaction(bench.store).compact(number)
    assert bench.store.journal.has(number)
    assert IndexRepair(bench.store).step() is Progress.DONE
    Compaction(bench.store).compact(number)
    assert not bench.store.journal.has(number)
    assert bench.body("kept") == b"kept" * 50
    assert bench.body("bad") == (None if is_dead else b"bad" * 50)
    assert verify(bench.store).problems == []
    bench.store.close()


def test_an_index_that_is_made_anew_is_not_durable_meanwhile() -> None:
    bench = StoreBench(OPTIONS)
    for number in range(300):
        bench.put(f"o{number}", 10, b"kept")
    task = spawn(rebuild_index, bench.store)
    refused = 0
    while not task.dead:
        sleep(0)
        try:
            bench.store.make_index_durable()
        except Unavailable:
            refused += 1
    wait_task(task)
    assert refused
    bench.store.make_index_durable()
    bench.store.close()


def test_an_index_that_was_made_anew_meanwhile_keeps_the_segment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = StoreBench()
    bench.put("kept", 10, b"kept" * 50)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    make_durable = ObjectStore.make_index_durable

    def made_anew(store: ObjectStore) -> None:
        make_durable(store)
        rebuild_index(store)

    monkeypatch.setattr(ObjectStore, "make_index_durable", made_anew)
    bench.store.index.flushed = bench.store.index.flushed._replace(segment=0)
    with pytest.raises(Unavailable):
        Compaction(bench.store).compact(1)
    monkeypatch.undo()
    assert bench.store.journal.has(1)
    Compaction(bench.store).compact(1)
    assert bench.body("kept") == b"kept" * 50
    bench.store.close()


def test_which_rows_rest_on_a_segment() -> None:
    bench = StoreBench()
    bench.put("put", 10, b"put")
    bench.put("posted", 10, b"posted")
    bench.put("gone", 10, b"gone")
    index = bench.store.index
    put, posted = (index.get(key_of(name)).place for name in ("put", "posted"))
    bench.store.journal.roll()
    bench.post("posted", 20, Color="blue")
    bench.delete("gone", 20)
    bench.store.make_index_durable()
    assert index.flushed == index.applied
    keys = [key_of(name) for name in ("put", "posted", "gone", "never")]
    assert index.resting.among(1, keys) == {
        keys[0]: Rest(put.offset, put.offset),
        keys[1]: Rest(0, posted.offset),
    }
    assert set(index.resting.among(2, keys)) == set(keys[1:3])
    assert set(index.resting.all(1)) == set(keys[:2])
    assert index.resting.among(1, keys[2:]) == {}
    assert len(index.resting.among(1, keys[:1] * KEYS_MAX)) == 1
    bench.store.close()
    with pytest.raises(RingstackError):
        index.resting.among(1, keys)


def test_old_tombstones_of_more_than_a_turn_all_go() -> None:
    bench = StoreBench(StoreOptions(reclaim_seconds=100, reserve_bytes=0))
    count = 3 * KEYS_MAX + 5
    for n in range(count):
        bench.put(f"gone{n}", 10, b"gone")
    for n in range(count):
        bench.delete(f"gone{n}", 20)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    compaction: Any = Compaction(bench.store)
    compaction.compact(1)
    assert compaction.dropped_rows == count
    assert verify(bench.store).problems == []
    bench.store.close()
