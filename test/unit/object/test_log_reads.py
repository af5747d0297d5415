"""Small bodies that the page cache does not have: on the hub of a fast disk, beside it
of a slow one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from objectstore.kernel.errors import Corrupt, Rejected
from objectstore.object.maintenance.compaction import Compaction
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock
from test.unit.object.bench import StoreBench, key_of

T = TypeVar("T")

QUICK, SLOW, HANGING = 0.0002, 0.008, 0.5


class ColdDisk(MemoryDisk):
    """Has nothing in memory, and takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SteppedClock()
        self.seconds = 0.0
        self.is_cold = False
        self.offloaded = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        self.clock.advance(self.seconds)
        return super().pread(descriptor, length, offset)

    def pread_cached(self, descriptor: int, length: int, offset: int) -> bytes | None:
        if self.is_cold:
            return None
        return super().pread(descriptor, length, offset)

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        if self.is_cold:
            self.offloaded += 1
            meanwhile, self.meanwhile = self.meanwhile, lambda: None
            meanwhile()
        return super().offload(function, *arguments)


@pytest.fixture
def disk() -> ColdDisk:
    return ColdDisk()


@pytest.fixture
def bench(disk: ColdDisk) -> StoreBench:
    bench = StoreBench(disk=disk)
    disk.clock = bench.clock
    bench.put("one", 10, b"the body")
    disk.is_cold = True
    return bench


def read(bench: StoreBench, count: int, seconds: float) -> int:
    """How many of these reads went to a thread."""
    disk = bench.disk
    assert isinstance(disk, ColdDisk)
    disk.seconds, before = seconds, disk.offloaded
    for _ in range(count):
        assert bench.body("one") == b"the body"
    return disk.offloaded - before


def test_a_quick_disk_is_read_at_once(bench: StoreBench) -> None:
    assert read(bench, 100, QUICK) == 0
    found = bench.node.lookup(key_of("one"), want_body=True)
    assert found.done


def test_one_read_that_was_held_up_changes_nothing(bench: StoreBench) -> None:
    assert read(bench, 1, SLOW) == 0
    assert read(bench, 100, QUICK) == 0


def test_a_slow_disk_is_read_beside_the_hub(bench: StoreBench) -> None:
    assert read(bench, 20, SLOW) >= 12
    found = bench.node.lookup(key_of("one"), want_body=True)
    assert not found.done
    assert found.wait(10).body == b"the body"
    assert read(bench, 100, QUICK) < 40  # and is found quick again


def test_one_read_that_hangs_is_enough(bench: StoreBench) -> None:
    assert read(bench, 1, HANGING) == 0
    assert read(bench, 20, SLOW) == 20


def test_what_is_in_memory_is_never_slow(bench: StoreBench, disk: ColdDisk) -> None:
    read(bench, 1, HANGING)
    disk.is_cold = False
    assert read(bench, 10, HANGING) == 0


def test_ranges_of_a_slow_disk(bench: StoreBench) -> None:
    read(bench, 1, HANGING)
    promise = bench.node.read(key_of("one"), 10, 4, 6)
    assert not promise.done
    assert b"".join(promise.wait(10)) == b"bo"


def test_bad_bytes_of_a_slow_disk_are_put_aside(
    bench: StoreBench, disk: ColdDisk
) -> None:
    read(bench, 1, HANGING)
    held = bench.store.held(key_of("one"))
    assert held is not None and held.body is not None
    path = os.path.join(bench.store.directory, "log", "0000000001.log")
    disk.pwrite(disk.open(path, write=True), [b"!"], held.body.offset)
    with pytest.raises(Corrupt):
        bench.body("one")
    bench.store.journal.flush()
    assert bench.state("one") is None


def test_something_newer_came_while_the_disk_was_asked(
    bench: StoreBench, disk: ColdDisk
) -> None:
    read(bench, 1, HANGING)
    disk.meanwhile = lambda: bench.put("one", 20, b"newer")
    assert bench.body("one") == b"the body"  # which was there when it was asked for
    promise = bench.node.read(key_of("one"), 20, 0, 1)
    bench.put("one", 30, b"newest")  # before the disk is asked for the other
    with pytest.raises(Rejected, match="that version is not here"):
        promise.wait(10)


def test_compaction_moved_it_while_the_disk_was_asked(
    bench: StoreBench, disk: ColdDisk
) -> None:
    for number in range(8):
        bench.put(f"filler-{number}", 10, b"x" * 900)
        bench.delete(f"filler-{number}", 20)
    bench.clock.advance(10_000)
    read(bench, 1, HANGING)
    store = bench.store
    assert store.journal.has(1)

    def compact() -> None:
        disk.is_cold = False
        Compaction(store).compact(1)
        disk.is_cold = True

    disk.meanwhile = compact
    assert bench.body("one") == b"the body"
    assert not store.journal.has(1)
