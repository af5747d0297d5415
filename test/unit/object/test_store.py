"""The store: what is written is there, also after restarts, rebuilds, power losses."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from objectstore.kernel.errors import Corrupt, InsufficientStorage, Rejected
from objectstore.object.maintenance.sweep import Sweep
from objectstore.object.maintenance.updater import rows_owed
from objectstore.object.maintenance.verify import verify
from objectstore.object.store.options import StoreOptions
from objectstore.wire.nodes import Spans
from test.fakes.disk import MemoryDisk
from test.unit.object.bench import StoreBench, key_of, put_state

LARGE = Random(1).randbytes(1_700_000)


@pytest.fixture
def bench() -> Iterator[StoreBench]:
    bench = StoreBench()
    yield bench
    if not bench.disk.dead:
        bench.store.removal.wait()
        assert verify(bench.store).problems == []
        bench.store.close()


AGAIN = ("restart", "rebuild", "power", "power without index")


def again(bench: StoreBench, how: str) -> None:
    if how == "restart":
        bench.restart()
    elif how == "rebuild":
        bench.rebuild()
    else:
        bench.lose_power(Random(5), keep_index=how == "power")


@pytest.mark.parametrize("how", AGAIN)
def test_what_was_acknowledged_is_there_again(bench: StoreBench, how: str) -> None:
    assert bench.put("small", 10, b"body", Color="red").stored
    assert bench.put("empty", 10, b"").stored
    assert bench.put_large("large", 10, LARGE).stored
    assert bench.put("changed", 10, b"x" * 50, Color="red").stored
    assert bench.post("changed", 11, Color="blue").stored
    assert bench.put("gone", 10, b"gone").stored
    assert bench.delete("gone", 12).found
    assert bench.put("twice", 10, b"old").stored
    assert bench.put("twice", 11, b"new").stored
    for _ in range(2):
        assert bench.body("small") == b"body"
        assert bench.body("empty") == b""
        assert bench.body("large") == LARGE
        assert bench.body("changed") == b"x" * 50
        assert bench.state("changed").metadata == {"X-Object-Meta-Color": "blue"}
        assert bench.body("gone") is None
        assert bench.state("gone").deleted_timestamp == 12
        assert bench.body("twice") == b"new"
        assert bench.state("never") is None
        digests = bench.node.digests(range(16), 4).wait(10)
        again(bench, how)
        assert bench.node.digests(range(16), 4).wait(10) == digests


def test_what_is_older_changes_nothing(bench: StoreBench) -> None:
    bench.put("one", 20, b"newer")
    end = bench.store.journal.end
    assert not bench.put("one", 10, b"older").stored
    assert not bench.delete("one", 19).stored
    assert not bench.post("one", 15, Color="red").stored
    assert bench.put("one", 20, b"newer").stored
    assert bench.store.journal.end == end
    assert bench.body("one") == b"newer"


def test_writes_that_cross_on_their_way_merge(bench: StoreBench) -> None:
    bench.put("one", 10, b"first")
    key = key_of("one")
    put = bench.node.put(key, put_state("one", 20, b"second"), b"second")
    post = bench.node.post(key, put_state("one", 30, b"", Color="red"))
    assert put.wait(10).stored
    assert post.wait(10).stored
    bench.store.journal.flush()
    for how in AGAIN:
        assert bench.body("one") == b"second"
        assert bench.state("one").metadata == {"X-Object-Meta-Color": "red"}
        again(bench, how)


def test_large_bodies_are_read_in_ranges_and_spans(bench: StoreBench) -> None:
    bench.put_large("large", 10, LARGE)
    key = key_of("large")
    for start, stop in ((0, 1), (262_143, 262_145), (5, 600_001), (699_999, 10**9)):
        read = bench.node.read(key, 10, start, stop).wait(10)
        assert isinstance(read, Spans)
        assert b"".join(read) == LARGE[start:stop]
        spans = [
            bench.disk.pread(descriptor, length, offset)
            for descriptor, offset, length in read.spans()
        ]
        assert b"".join(spans) == LARGE[start:stop]
        read.close()
    with pytest.raises(Rejected):
        bench.node.read(key, 11, 0, 1).wait(10)


def test_body_files_that_are_replaced_are_removed(bench: StoreBench) -> None:
    bench.put_large("large", 10, LARGE)
    bench.put_large("large", 11, LARGE[::-1])
    bench.put_large("other", 11, LARGE)
    bench.delete("other", 12)
    assert not bench.put_large("large", 9, LARGE).stored
    bench.restart()  # waits for the removals
    assert len(list(bench.store.bodies.walk())) == 1
    assert bench.body("large") == LARGE[::-1]


def test_the_sweep_removes_files_nothing_points_to(bench: StoreBench) -> None:
    bench.put_large("large", 10, LARGE)
    bench.put_large("lost", 10, LARGE)
    bench.disk.fail("unlink")
    bench.node.forget(key_of("lost"), 10).wait(10)
    assert len(verify(bench.store).problems) == 1
    sweep = Sweep(bench.store)
    sweep.step()
    bench.restart()
    assert bench.body("large") == LARGE
    assert len(list(bench.store.bodies.walk())) == 1


def test_aborted_uploads_leave_nothing(bench: StoreBench) -> None:
    upload = bench.node.begin(key_of("one"), None).wait(10)
    for start in range(0, 1_600_000, 100_000):
        upload.write(memoryview(LARGE)[start : start + 100_000]).wait(10)
    upload.abort()
    with pytest.raises(Rejected):
        upload.commit(put_state("one", 10, LARGE)).wait(10)
    short = bench.node.begin(key_of("one"), None).wait(10)
    short.write(memoryview(LARGE)[:1000]).wait(10)
    with pytest.raises(Rejected) as caught:
        short.commit(put_state("one", 10, LARGE)).wait(10)
    assert caught.value.status == 422
    assert bench.state("one") is None
    assert list(bench.store.bodies.walk()) == []


def test_a_bad_body_in_the_log_is_quarantined(bench: StoreBench) -> None:
    bench.put("bad", 10, b"secret" * 10)
    bench.put("good", 10, b"fine")
    _flip(bench.disk, b"secret")
    with pytest.raises(Corrupt):
        bench.body("bad")
    bench.store.journal.flush()
    assert bench.state("bad") is None
    assert bench.store.index.quarantined.items[key_of("bad")][0] == 10
    # The damaged record itself stays, and is reported, until it is repaired.
    assert [each.where for each in verify(bench.store).problems] == ["log"]
    bench.lose_power(Random(3))
    assert bench.state("bad") is None
    bench.rebuild()
    assert bench.state("bad") is None
    assert key_of("bad") in bench.store.index.quarantined.items
    # Replication brings it back.
    state = put_state("bad", 10, b"secret" * 10)
    bench.node.merge(key_of("bad"), state, b"secret" * 10).wait(10)
    assert bench.body("bad") == b"secret" * 10
    assert not bench.store.index.quarantined.items
    _flip(bench.disk, b"\xf3ecret", back=True)


def test_a_bad_body_file_is_put_aside(bench: StoreBench) -> None:
    bench.put_large("bad", 10, LARGE)
    ((path, *_),) = bench.store.bodies.walk()
    descriptor = bench.disk.open(path, write=True)
    bench.disk.pwrite(descriptor, [b"!!"], 300_000)
    good = bench.node.read(key_of("bad"), 10, 0, 200_000).wait(10)
    assert b"".join(good) == LARGE[:200_000]
    with pytest.raises(Corrupt):
        b"".join(bench.node.read(key_of("bad"), 10, 0, 1_700_000).wait(10))
    bench.store.journal.flush()
    assert bench.state("bad") is None
    assert len(bench.disk.list(bench.store.bodies.quarantine)) == 1
    bench.put_large("bad", 11, LARGE)
    assert bench.body("bad") == LARGE


def test_a_slow_reader_of_a_bad_body_leaves_the_new_one_alone(
    bench: StoreBench,
) -> None:
    bench.put_large("one", 10, LARGE)
    read = iter(bench.node.read(key_of("one"), 10, 0, 1_700_000).wait(10))
    next(read)
    ((path, *_),) = bench.store.bodies.walk()
    descriptor = bench.disk.open(path, write=True)
    bench.disk.pwrite(descriptor, [b"!!"], 300_000)
    slow = bench.node.read(key_of("one"), 10, 0, 1_700_000).wait(10)
    bench.put("one", 11, b"new")
    with pytest.raises(Corrupt):
        b"".join(slow)
    bench.store.journal.flush()
    assert bench.body("one") == b"new"
    assert not bench.store.index.quarantined.items


@pytest.mark.parametrize("cut", [0, 100, 1_700_000, 1_700_010, 1_700_050])
def test_a_short_body_file_is_corrupt(bench: StoreBench, cut: int) -> None:
    bench.put_large("bad", 10, LARGE)
    ((path, *_),) = bench.store.bodies.walk()
    bench.disk.truncate(bench.disk.open(path, write=True), cut)
    with pytest.raises(Corrupt):
        bench.body("bad")
    bench.store.journal.flush()
    assert bench.state("bad") is None


def test_a_body_file_that_is_missing_is_found_out_by_a_rebuild(
    bench: StoreBench,
) -> None:
    bench.put_large("lost", 10, LARGE)
    ((path, *_),) = bench.store.bodies.walk()
    bench.disk.unlink(path)
    bench.rebuild()
    bench.store.journal.flush()
    assert bench.state("lost") is None
    assert key_of("lost") in bench.store.index.quarantined.items


def test_a_full_device_takes_deletes_only() -> None:
    bench = StoreBench(StoreOptions(reserve_bytes=20_000, allocate_bytes=1000))
    bench.put("one", 10, b"x" * 5000)
    bench.disk.quota_bytes = bench.disk.space("/").total
    bench.disk.quota_bytes -= bench.disk.space("/").free - 21_000
    bench.clock.advance(10)
    with pytest.raises(InsufficientStorage):
        bench.put("two", 10, b"x" * 2000)
    with pytest.raises(InsufficientStorage):
        bench.put_large("three", 10, LARGE)
    assert bench.delete("one", 11).stored
    bench.restart()
    assert bench.body("one") is None
    assert bench.state("two") is None
    bench.disk.quota_bytes += 1_000_000
    bench.clock.advance(10)
    assert bench.put("two", 10, b"x" * 2000).stored
    bench.store.close()


def test_a_disk_that_fills_up_by_surprise_loses_nothing() -> None:
    bench = StoreBench(StoreOptions(reserve_bytes=0, allocate_bytes=1000))
    bench.disk.quota_bytes = 60_000
    written = []
    with pytest.raises(InsufficientStorage):
        for number in range(1000):
            bench.clock.advance(1)
            bench.put(f"{number}", 10, b"x" * 700)
            written.append(f"{number}")
    assert len(written) > 20
    bench.lose_power(Random(2), keep_index=False)
    assert all(bench.body(name) == b"x" * 700 for name in written)
    bench.store.close()


@pytest.mark.parametrize("how", AGAIN)
def test_rows_owed_are_remembered(bench: StoreBench, how: str) -> None:
    for name in ("one", "two", "three"):
        state = put_state(name, 10, b"x")
        bench.node.put(key_of(name), state, b"x", row_owed=True).wait(10)
    bench.node.paid(key_of("two"), 10)
    bench.node.paid(key_of("three"), 9)
    bench.store._flusher._flush()
    bench.store.journal.flush()
    state = put_state("four", 11, b"x")
    bench.node.put(key_of("four"), state, b"x", row_owed=True).wait(10)
    again(bench, how)
    owed = {state.name.object for _, state in rows_owed(bench.store, 10, 100)}
    assert owed == {"one", "three", "four"}
    assert len(rows_owed(bench.store, 1, 100)) == 1
    owed = {state.name.object for _, state in rows_owed(bench.store, 10, 11)}
    assert owed == {"one", "three"}


def _flip(disk: MemoryDisk, pattern: bytes, *, back: bool = False) -> None:
    """Change the first byte of the first place in the log with these bytes."""
    for name in sorted(disk._names):
        file = disk._names[name]
        if name.endswith(".log") and (at := file.content.find(pattern)) >= 0:
            file.write(at, bytes([pattern[0] ^ 0x80]))
            file.sync()
            return
    raise AssertionError("not found")
