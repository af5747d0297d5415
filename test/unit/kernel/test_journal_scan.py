"""Heads alone tell the same of a segment as all of it does, whatever is damaged."""

from __future__ import annotations

from random import Random

import pytest
from crc32c import crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.kernel.journal import Damage, Found, Journal, SegmentFacts, scan_memory
from objectstore.kernel.journal.format import SEGMENT_HEADER_BYTES
from objectstore.kernel.journal.scan import (
    GLANCE_BYTES,
    PASSED_BODY_BYTES,
    WINDOW_BYTES,
)
from test.fakes.disk import MemoryDisk

IDENTITY = b"device-identity!"
PATH = "/log/0000000001.log"
# Around what is passed over, and what a window holds.
SIZES = (0, 1, 700, 4096, PASSED_BODY_BYTES - 1, PASSED_BODY_BYTES, 70_000)
WINDOWS = (64, 5000, 100_000, WINDOW_BYTES)


class CountingDisk(MemoryDisk):
    """Counts the bytes that are read of its files."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes_read = 0

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        data = super().pread(descriptor, length, offset)
        self.bytes_read += len(data)
        return data


def journal_of(sizes: list[int], seed: int = 1) -> tuple[CountingDisk, Journal]:
    """A journal of one segment that is closed, with bodies of these sizes."""
    disk, random = CountingDisk(), Random(seed)
    journal = Journal.open(disk, "/log", IDENTITY)
    for number, size in enumerate(sizes):
        meta = b"%d" % number * random.choice((1, 60, 3000))
        # Some batches are written directly, with padding behind.
        promise = journal.append(1 + number % 7, meta, random.randbytes(size))
        if random.random() < 0.7:
            promise.wait(10)
    journal.flush()
    journal.roll()
    journal.append(1, b"newer").wait(10)
    return disk, journal


def looked_through(
    journal: Journal, size: int, window: int, *, check_bodies: bool
) -> list[Found | Damage]:
    facts, memory = SegmentFacts(1, size), scan_memory(window)
    return list(journal.reads.look_through(facts, 0, memory, check_bodies=check_bodies))


def with_bodies_checked(content: bytes, found: Found | Damage) -> Found | Damage:
    """What somebody knows who reads the body as well."""
    if isinstance(found, Damage):
        return found
    if crc32c(content[found.body_offset : found.stop]) == found.body_crc:
        return found
    return Damage(found.segment, found.offset, found.stop, found.kind, found.meta)


def damaged(content: bytes, random: Random) -> bytes:
    """Bits flipped, ranges zeroed, filled with noise, moved: anywhere."""
    spoilt = bytearray(content)
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(spoilt))
        length = random.choice((1, 1, 2, 30, 600, 5000, 80_000))
        length = min(length, len(spoilt) - at)
        way = random.randrange(4)
        if way == 0:
            spoilt[at] ^= 1 << random.randrange(8)
        elif way == 1:
            spoilt[at : at + length] = bytes(length)
        elif way == 2:
            spoilt[at : at + length] = random.randbytes(length)
        else:  # a block that went to the wrong place
            start = random.randrange(len(spoilt) - length + 1)
            spoilt[at : at + length] = spoilt[start : start + length]
    return bytes(spoilt)


@settings(max_examples=120, deadline=None)
@given(
    sizes=st.lists(st.sampled_from(SIZES), min_size=1, max_size=12),
    seed=st.integers(0, 2**32),
    is_damaged=st.booleans(),
)
def test_heads_tell_what_the_whole_tells(
    sizes: list[int], seed: int, is_damaged: bool
) -> None:
    disk, journal = journal_of(sizes, seed)
    content = disk.read_file(PATH)
    if is_damaged:
        content = damaged(content, Random(seed))
        descriptor = disk.open(PATH, write=True)
        disk.pwrite(descriptor, [content], 0)
        disk.close(descriptor)
    whole = looked_through(journal, len(content), WINDOW_BYTES, check_bodies=True)
    for window in WINDOWS:
        again = looked_through(journal, len(content), window, check_bodies=True)
        assert again == whole, window
        heads = looked_through(journal, len(content), window, check_bodies=False)
        assert [with_bodies_checked(content, each) for each in heads] == whole, window
    if not is_damaged:
        assert len(whole) == len(sizes)
        assert all(isinstance(each, Found) for each in whole)


@pytest.mark.parametrize("check_bodies", [True, False])
def test_it_goes_on_where_anything_ended(check_bodies: bool) -> None:
    disk, journal = journal_of([700, 40_000] * 6)
    descriptor = disk.open(PATH, write=True)
    disk.pwrite(descriptor, [b"\xff" * 40], 20)  # the header, and no more
    disk.close(descriptor)
    size = disk.facts(PATH).size
    whole = looked_through(journal, size, WINDOW_BYTES, check_bodies=check_bodies)
    assert whole[0] == Damage(1, 0, SEGMENT_HEADER_BYTES)
    for place, found in enumerate(whole):
        rest = journal.reads.look_through(
            SegmentFacts(1, size),
            found.stop,
            scan_memory(),
            check_bodies=check_bodies,
        )
        assert list(rest) == whole[place + 1 :]


def test_large_bodies_are_not_read() -> None:
    disk, journal = journal_of([1 << 20] * 8)
    size = disk.facts(PATH).size
    disk.bytes_read = 0
    found = looked_through(journal, size, WINDOW_BYTES, check_bodies=False)
    assert len(found) == 8
    # Of each the head and the meta, and of the padding behind it.
    assert disk.bytes_read <= 8 * 4 * GLANCE_BYTES < size / 50


@pytest.mark.parametrize("sizes", [[4096] * 500, [1 << 20] * 8, [(1 << 20) + 900] * 8])
def test_what_is_checked_is_read_once(sizes: list[int]) -> None:
    disk, journal = journal_of(sizes)
    size = disk.facts(PATH).size
    disk.bytes_read = 0
    found = looked_through(journal, size, WINDOW_BYTES, check_bodies=True)
    assert len(found) == len(sizes)
    # But for a head or a meta that a window cut in two, and a padding record's body.
    assert disk.bytes_read <= size + len(sizes) * 4 * GLANCE_BYTES
