"""What is read again is brought into the page cache, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from objectstore.kernel.concurrency import Event, sleep
from objectstore.object.bodies.rereads import (
    AGAIN_SECONDS,
    HUNG_SECONDS,
    MEMORY_SHARE,
    PIECE_BYTES,
    Allowance,
    Range,
    Recent,
    Rereads,
    Turns,
)
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock

SIZE = PIECE_BYTES + 5
ROOM = int(SIZE / MEMORY_SHARE)


def a_range(number: int = 0, length: int = SIZE) -> Range:
    return Range(b"k" * 16, number, 0, length)


def test_a_range_is_read_again_within_minutes() -> None:
    recent = Recent()
    assert not recent.is_again(a_range(), 5.0)
    assert not recent.is_again(a_range(1), 5.0)
    assert recent.is_again(a_range(), 5.0 + AGAIN_SECONDS)
    assert recent.is_again(a_range(), 5.0 + 2 * AGAIN_SECONDS)
    assert not recent.is_again(a_range(), 6.0 + 3 * AGAIN_SECONDS)


def test_parts_of_a_body_are_ranges_of_their_own() -> None:
    recent = Recent()
    assert not recent.is_again(Range(b"k", 1, 0, SIZE), 0.0)
    assert not recent.is_again(Range(b"k", 1, SIZE, SIZE), 0.0)
    assert not recent.is_again(Range(b"k", 2, 0, SIZE), 0.0)
    assert recent.is_again(Range(b"k", 1, SIZE, SIZE), 0.0)


def test_what_was_not_read_for_longest_is_forgotten() -> None:
    recent = Recent(ranges_max=2)
    for number in (0, 1, 0, 2):
        recent.is_again(a_range(number), 0.0)
    assert recent.is_again(a_range(0), 0.0)
    assert not recent.is_again(a_range(1), 0.0)


def test_memory_is_taken_in_part_only() -> None:
    allowance = Allowance()
    assert not allowance.take(SIZE, ROOM - 4, 0.0)
    assert allowance.take(SIZE, ROOM, 0.0)
    assert not allowance.take(1, ROOM, AGAIN_SECONDS)
    assert allowance.take(SIZE, ROOM, AGAIN_SECONDS + 1)
    assert not allowance.take(1, 0, 3 * AGAIN_SECONDS)


class RoomyDisk(MemoryDisk):
    """Notes what is brought into its cache."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: list[tuple[int, int]] = []

    def cache_room(self) -> int:
        return ROOM

    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        super().bring_into_cache(descriptor, offset, length)
        self.brought.append((offset, length))


@pytest.fixture
def disk() -> RoomyDisk:
    return RoomyDisk()


@pytest.fixture
def open_body(disk: RoomyDisk) -> Callable[[], int]:
    disk.close(disk.create("/body"))
    return lambda: disk.open("/body")


def finish(turns: Turns) -> None:
    """Let what is being brought come to its end."""
    while (turn := turns.take(0.0)) is None:
        sleep(0)
    turns.give_back(turn)


def test_it_is_brought_in_pieces(disk: RoomyDisk, open_body: Callable[[], int]) -> None:
    turns = Turns()
    rereads = Rereads(disk, SteppedClock(), turns)
    assert not rereads.read(a_range())
    assert rereads.read(a_range())
    rereads.bring(a_range(), open_body)
    rereads.bring(a_range(1), open_body)  # not its turn
    finish(turns)
    assert disk.brought == [(0, PIECE_BYTES), (PIECE_BYTES, 5)]


def test_what_there_is_no_room_for_is_not(
    disk: RoomyDisk, open_body: Callable[[], int]
) -> None:
    turns, clock = Turns(), SteppedClock()
    rereads = Rereads(disk, clock, turns)
    rereads.bring(a_range(length=SIZE + 1), open_body)
    finish(turns)
    assert not disk.brought
    rereads.bring(a_range(length=SIZE), open_body)
    finish(turns)
    rereads.bring(a_range(1), open_body)
    finish(turns)
    assert len(disk.brought) == 2
    clock.advance(AGAIN_SECONDS + 1)
    rereads.bring(a_range(1), open_body)
    finish(turns)
    assert len(disk.brought) == 4


def test_a_disk_that_fails_or_a_body_that_is_gone_ends_it(
    disk: RoomyDisk, open_body: Callable[[], int]
) -> None:
    turns = Turns()
    rereads = Rereads(disk, SteppedClock(), turns)
    disk.fail("pread")
    rereads.bring(a_range(length=5), open_body)
    finish(turns)
    disk.unlink("/body")
    rereads.bring(a_range(length=5), open_body)
    finish(turns)
    assert not disk.brought


class HangingDisk(RoomyDisk):
    """Does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_back = Event()
        self.asked = Event()

    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        self.asked.set()
        self.is_back.wait()
        super().bring_into_cache(descriptor, offset, length)


def test_a_disk_that_hangs_keeps_the_turn_from_nobody(
    disk: RoomyDisk, open_body: Callable[[], int]
) -> None:
    turns, clock, hanging = Turns(), SteppedClock(), HangingDisk()
    hanging.close(hanging.create("/body"))
    hung = Rereads(hanging, clock, turns)
    hung.bring(a_range(length=2 * PIECE_BYTES // 3), lambda: hanging.open("/body"))
    hanging.asked.wait()
    others = Rereads(disk, clock, turns)
    others.bring(a_range(length=5), open_body)
    assert not disk.brought
    clock.advance(HUNG_SECONDS)
    hung.bring(a_range(1, length=5), open_body)  # one is enough to wait for
    others.bring(a_range(length=5), open_body)
    while not disk.brought:
        sleep(0)
    hanging.is_back.set()
    while not hanging.brought:
        sleep(0)
    others.bring(a_range(1, length=6), open_body)
    while len(disk.brought) < 2:
        sleep(0)
    assert disk.brought == [(0, 5), (0, 6)]
