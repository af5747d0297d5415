"""The journal: order, segments, group commit, failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Unavailable
from objectstore.kernel.journal import Found, Journal, Position
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk

T = TypeVar("T")

IDENTITY = b"device-identity!"
DIRECTORY = "/log"


def opened(disk: Disk, directory: str = DIRECTORY, **limits: int) -> Journal:
    return Journal.open(disk, directory, IDENTITY, **limits)


def contents(journal: Journal, start: Position | None = None) -> list[bytes]:
    found = list(journal.replay(start))
    assert all(isinstance(each, Found) for each in found), found
    return [each.meta + body_of(journal, each) for each in found]


def body_of(journal: Journal, found: Found) -> bytes:
    return journal.reads.at(found.segment, found.body_offset, found.body_length)


def wait(promises: list[Promise[Position]]) -> list[Position]:
    return [promise.wait(10) for promise in promises]


@pytest.mark.parametrize("real", [False, True])
def test_what_was_appended_is_there_again(real: bool, tmp_path: Path) -> None:
    disk: Disk = SystemDisk() if real else MemoryDisk()
    directory = str(tmp_path / "log")
    journal = opened(disk, directory)
    assert journal.end == Position(0, 0)
    places = wait([journal.append(7, b"m%d" % n, b"body" * n) for n in range(100)])
    assert places == sorted(places)
    assert journal.figures.batches < 5
    journal.close()
    with pytest.raises(Unavailable):
        journal.append(7, b"late").wait(10)

    again = opened(disk, directory)
    expected = [b"m%d" % n + b"body" * n for n in range(100)]
    assert contents(again) == expected
    assert contents(again, places[40]) == expected[40:]
    assert contents(again, again.end) == []
    assert (again.torn, again.damage) == ([], [])
    found = list(again.replay())[50]
    assert isinstance(found, Found)
    assert body_of(again, found) == b"body" * 50
    end = again.end
    wait([again.append(1, b"more")])
    assert contents(again, end) == [b"more"]
    again.close()


def test_writers_that_wait_share_a_batch() -> None:
    journal = opened(MemoryDisk())
    for _ in range(3):
        wait([journal.append(1, b"x") for _ in range(50)])
    assert journal.figures.batches == 3
    assert journal.figures.records == 150
    journal.flush()


def test_segments_are_begun_rolled_and_removed() -> None:
    disk = MemoryDisk()
    journal = opened(disk, segment_bytes_max=1000, allocate_bytes=300)
    wait([journal.append(1, b"%04d" % n, b"x" * 96) for n in range(30)])
    assert [facts.number for facts in journal.segments()] == [1, 2, 3, 4, 5]
    assert all(facts.size <= 1000 for facts in journal.segments())
    # Larger than a segment: gets one of its own.
    wait([journal.append(1, b"big", b"y" * 2000)])
    assert len(contents(journal)) == 31
    journal.roll()
    wait([journal.append(1, b"last")])
    assert [facts.number for facts in journal.segments()] == [1, 2, 3, 4, 5, 6, 7]
    assert not journal.closed.may_go(7)
    for number in (1, 3):
        assert journal.closed.may_go(number)
        journal.closed.remove(number)
    assert not journal.closed.may_go(3)
    assert [facts.number for facts in journal.segments()] == [2, 4, 5, 6, 7]
    with pytest.raises(AssertionError):
        journal.closed.remove(7)
    journal.close()
    assert contents(opened(disk))[-1] == b"last"


def test_a_segment_is_there_while_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    number = journal.append(7, b"first").wait(10).segment
    truncate, seen = disk.truncate, []

    def looked(descriptor: int, size: int) -> None:
        truncate(descriptor, size)
        numbers = [facts.number for facts in journal.segments()]
        seen.append((journal.has(number), journal.closed.may_go(number), numbers))

    monkeypatch.setattr(disk, "truncate", looked)
    journal.roll()
    journal.append(7, b"second").wait(10)
    assert seen == [(True, False, [number])]
    assert journal.closed.may_go(number)
    journal.close()


def test_positions_grow_over_restarts() -> None:
    disk = MemoryDisk()
    last = Position(0, 0)
    for _ in range(5):
        journal = opened(disk, segment_bytes_max=200)
        (place,) = wait([journal.append(1, b"x" * 90)])
        assert place > last
        for facts in journal.segments()[:-1]:
            journal.closed.remove(facts.number)
        last = journal.end
        journal.close()
        assert opened(disk).end == last


@pytest.mark.parametrize("call", ["write_and_sync", "allocate", "create"])
def test_a_failed_batch_fails_its_writers_and_nobody_else(call: str) -> None:
    disk = MemoryDisk()
    journal = opened(disk, allocate_bytes=64)
    if call != "create":
        wait([journal.append(1, b"before")])
    disk.fail(call, error=InsufficientStorage("planned"))
    if call == "allocate":  # being generous fails, then the exact need
        disk.fail(call, after=1, error=InsufficientStorage("planned"))
    bad = [journal.append(1, b"bad %d" % n, b"x" * 1000) for n in range(3)]
    for promise in bad:
        with pytest.raises(InsufficientStorage):
            promise.wait(10)
    wait([journal.append(1, b"after")])
    expected = [b"before", b"after"] if call != "create" else [b"after"]
    assert contents(journal) == expected
    journal.close()
    again = opened(disk)
    assert contents(again) == expected
    assert (again.torn, again.damage) == ([], [])


def test_after_a_failed_sync_the_segment_takes_no_more() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    (good,) = wait([journal.append(1, b"good")])
    disk.fail("write_and_sync")
    disk.fail("truncate")  # not even cutting it back works
    with pytest.raises(Unavailable):
        journal.append(1, b"bad").wait(10)
    (after,) = wait([journal.append(1, b"after")])
    assert (good.segment, after.segment) == (1, 2)
    assert contents(journal) == [b"good", b"after"]


def test_too_full_to_be_generous_still_takes_a_small_record() -> None:
    disk = MemoryDisk(quota_bytes=1000)
    journal = opened(disk)
    wait([journal.append(1, b"a tombstone")])
    with pytest.raises(InsufficientStorage):
        journal.append(1, b"", b"x" * 1000).wait(10)
    wait([journal.append(1, b"another")])
    assert contents(journal) == [b"a tombstone", b"another"]


class Noting(MemoryDisk):
    """Notes what is allocated, and takes a turn of the hub for it."""

    def __init__(self) -> None:
        super().__init__()
        self.allocated: list[tuple[int, int]] = []
        self.fails = False

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        if self.fails:
            raise InsufficientStorage("planned")
        self.allocated.append((offset, offset + length))
        super().allocate(descriptor, offset, length)

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        concurrency.sleep(0)
        return function(*arguments)


def test_space_is_allocated_before_it_is_needed() -> None:
    disk = Noting()
    journal = opened(disk, segment_bytes_max=6000, allocate_bytes=2000)
    for number in range(20):
        (position,) = wait([journal.append(1, b"%d" % number, b"x" * 200)])
        concurrency.sleep(0.001)
        (_, allocated) = disk.allocated[-1]
        assert allocated == 6000 or allocated - position.offset > 1000
    starts = [start for start, _ in disk.allocated]
    assert starts == [0, *(stop for _, stop in disk.allocated[:-1])]
    assert len(starts) == 3
    journal.append(1, b"the last")
    journal.close()
    assert len(contents(opened(disk))) == 21


def test_space_that_cannot_be_had_ahead_is_asked_for_when_needed() -> None:
    disk = Noting()
    journal = opened(disk, allocate_bytes=2000)
    wait([journal.append(1, b"first", b"x" * 200)])
    disk.fails = True
    wait([journal.append(1, b"%d" % number, b"x" * 200) for number in range(6)])
    concurrency.sleep(0.001)
    disk.fails = False
    wait([journal.append(1, b"%d" % number, b"x" * 200) for number in range(6)])
    assert len(contents(journal)) == 13
    journal.close()


def test_segments_of_another_journal_are_refused() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    wait([journal.append(1, b"mine")])
    journal.close()
    with pytest.raises(Corrupt):
        Journal.open(disk, DIRECTORY, b"another identity")
    assert contents(opened(disk)) == [b"mine"]


def test_a_body_that_is_a_log_segment_is_no_record() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    wait([journal.append(1, b"first", b"x" * 50)])
    image = disk.read_file("/log/0000000001.log")[:300]
    wait([journal.append(1, b"image", image)])
    wait([journal.append(1, b"last")])
    journal.close()
    descriptor = disk.open("/log/0000000001.log", write=True)
    found = list(opened(disk).replay())
    spoilt = found[1].position.offset  # type: ignore[union-attr]
    disk.pwrite(descriptor, [b"\xff"], spoilt)  # the image's head
    again = list(opened(disk).replay())
    assert [each.meta for each in again] == [b"first", None, b"last"]
