"""Readers in fragments when others hold all the memory that there is for them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from objectstore.erasure.reader_memory import (
    ReaderMemory,
    Share,
    needed_bytes,
    reader_memory,
)
from objectstore.erasure.slices import SLICE_BYTES
from objectstore.wire.layouts import Layout
from test.unit.proxy.test_fragments import PATH, SEGMENT, Coded

BODY = random.Random(4).randbytes(3 * SEGMENT + 77)


@pytest.fixture
def cluster() -> Coded:
    made = Coded()
    assert made.put(PATH, BODY).status == 201
    return made


@pytest.fixture
def all_taken() -> Iterator[Share]:
    """By readers that stall."""
    share = reader_memory.take(reader_memory.left)
    assert share is not None
    yield share
    share.give_back()


def test_what_is_given_back_can_be_taken_again() -> None:
    memory = ReaderMemory(10)
    first = memory.take(6)
    assert first is not None
    assert memory.take(5) is None
    first.give_back()
    first.give_back()
    assert memory.left == 10
    assert memory.take(10) is not None
    # It was forgotten at once.
    assert memory.left == 10


def test_small_readers_take_little() -> None:
    segment = 1024 * 1024
    size = 5 * segment
    layout = Layout("isa_l_rs_cauchy", 4, 2, segment, size, "t", ("",) * 6)
    assert needed_bytes(layout, 0, 5) < 8 * segment
    assert needed_bytes(layout, 4, 5) < 4 * segment
    small = layout._replace(size=2000)
    assert needed_bytes(small, 0, 1) < 10_000


def test_a_reader_has_its_share_until_it_is_closed(cluster: Coded) -> None:
    left = reader_memory.left
    found = cluster.ask("GET", PATH, read=False)
    assert reader_memory.left < left
    assert next(found.stream.spans()) == BODY[: SEGMENT // 4]
    assert reader_memory.left < left
    found.stream.close()
    assert reader_memory.left == left
    assert cluster.ask("GET", PATH).body == BODY
    assert reader_memory.left == left


def test_stalled_readers_fail_no_others(cluster: Coded, all_taken: Share) -> None:
    found = cluster.ask("GET", PATH, read=False)
    pieces = list(found.stream.spans())
    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) <= min(SLICE_BYTES, SEGMENT // 4)
    rng = random.Random(1)
    for _ in range(20):
        start = rng.randrange(len(BODY))
        stop = rng.randrange(start, len(BODY))
        ranged = cluster.ask("GET", PATH, {"Range": f"bytes={start}-{stop}"})
        assert (ranged.status, ranged.body) == (206, BODY[start : stop + 1])


@pytest.mark.parametrize("lost", [(0, 1), (1, 3), (3, 5)])
def test_what_is_lost_is_decoded_a_little_at_a_time(
    cluster: Coded, all_taken: Share, lost: tuple[int, int]
) -> None:
    homes = cluster.homes()
    cluster.set_down(homes[lost[0]])
    cluster.fragments(homes[lost[1]]).objects.clear()
    assert cluster.ask("GET", PATH).body == BODY
    other = next(place for place in range(6) if place not in lost)
    cluster.set_down(homes[other])
    assert cluster.ask("GET", PATH).status == 503


def test_memory_that_is_free_again_is_taken(cluster: Coded, all_taken: Share) -> None:
    found = cluster.ask("GET", PATH, read=False)
    before = next(found.stream.spans())
    all_taken.give_back()
    left = reader_memory.left
    rest = found.stream.spans()
    pieces = [next(rest) for _ in range(4)]
    assert reader_memory.left < left
    pieces += rest
    assert bytes(before) + b"".join(pieces) == BODY
    assert reader_memory.left == left
