"""Memory for bodies: bounded, and free when the last reader has let go."""

from __future__ import annotations

import mmap

import pytest

from objectstore.kernel import blocks
from objectstore.kernel import body_memory as body_memory_of
from objectstore.kernel.blocks import (
    BLOCK_BYTES,
    CountedPages,
    ViewedPool,
    is_of_blocks,
)
from objectstore.kernel.body_memory import (
    BUFFER_BYTES,
    BUFFERS_AT_ONCE,
    BUFFERS_MAX,
    PAIR_POLL_SECONDS,
    PAIR_WAIT_SECONDS,
    SMALL_BUFFER_BYTES,
    SMALL_BYTES_MAX,
    TINY_BUFFER_BYTES,
    TINY_BYTES_MAX,
    WHOLE_BYTES_MAX,
    body_memory,
    client_piece_buffers,
    piece_buffers,
)
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.limits import EdgeSettings
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX


@pytest.fixture(autouse=True)
def _nothing_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may not have let go of theirs."""
    monkeypatch.setattr(body_memory_of, "_pool", ViewedPool(BUFFER_BYTES, BUFFERS_MAX))
    monkeypatch.setattr(body_memory_of, "_whole", CountedPages(WHOLE_BYTES_MAX))
    monkeypatch.setattr(body_memory_of, "_small", CountedPages(SMALL_BYTES_MAX))
    monkeypatch.setattr(body_memory_of, "_tiny", CountedPages(TINY_BYTES_MAX))


def test_a_buffer_is_free_when_nobody_has_a_view_of_it() -> None:
    pool = ViewedPool(BLOCK_BYTES, 2)
    first = pool.take()
    assert first is not None
    first[:3] = b"one"
    late_reader = first[1:3]
    del first
    second = pool.take()
    assert second is not None
    second[:3] = b"two"
    assert pool.take() is None
    assert bytes(late_reader) == b"ne"
    del late_reader
    again = pool.take()
    assert again is not None and bytes(again[:3]) == b"one"
    assert pool.take() is None


@pytest.mark.parametrize("more", [-1, 1])
def test_an_interpreter_that_counts_references_differently(
    monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    """Newer ones do not count those that a function lends to another."""
    first_with = blocks._first_with

    def counted(buffers: list[mmap.mmap], references: int) -> mmap.mmap | None:
        return first_with(buffers, references - more)

    monkeypatch.setattr(blocks, "_first_with", counted)
    pool = ViewedPool(BLOCK_BYTES, 1)
    buffer = pool.take()
    assert buffer is not None
    view = buffer[5:]
    del buffer
    assert pool.take() is None
    del view
    assert pool.take() is not None


def test_a_piece_of_an_upload_fits() -> None:
    assert BUFFER_BYTES == WRITE_BYTES_MAX == INLINE_BYTES_MAX


def test_more_uploads_than_there_are_large_buffers() -> None:
    pairs = [piece_buffers() for _ in range(BUFFERS_MAX)]
    sizes = [len(buffer) for pair in pairs for buffer in pair]
    assert sizes.count(BUFFER_BYTES) <= BUFFERS_MAX
    assert sizes[-1] == SMALL_BUFFER_BYTES
    assert all(is_of_blocks(buffer) for pair in pairs for buffer in pair)
    memory = body_memory(100_000)
    assert memory is not None and len(memory) == 100_000
    del pairs
    assert len(piece_buffers()[0]) == BUFFER_BYTES


def test_pages_count_until_the_last_view_of_them_is_gone() -> None:
    pages = CountedPages(3 * BLOCK_BYTES)
    first, second = pages.take(2 * BLOCK_BYTES), pages.take(BLOCK_BYTES)
    assert first is not None and second is not None
    assert pages.take(1) is None
    late_reader = first[10:20]
    del first
    assert pages.take(1) is None
    del late_reader
    again = pages.take(2 * BLOCK_BYTES)
    assert again is not None and pages.take(1) is None


def test_whole_bodies_have_a_bound() -> None:
    held = []
    while (memory := body_memory(BUFFER_BYTES)) is not None:
        held.append(memory)
    assert len(held) == BUFFERS_MAX + WHOLE_BYTES_MAX // BUFFER_BYTES
    assert body_memory(1) is None
    memory = held.pop()
    del memory
    assert body_memory(1) is not None


def test_a_clients_upload_waits_for_a_pair_and_not_for_ever() -> None:
    small = SMALL_BYTES_MAX // (2 * SMALL_BUFFER_BYTES)
    tiny = TINY_BYTES_MAX // (2 * TINY_BUFFER_BYTES)
    assert tiny >= EdgeSettings().connections_max
    large = BUFFERS_MAX // BUFFERS_AT_ONCE
    held = [client_piece_buffers() for _ in range(large + small + tiny)]
    waited: list[float] = []
    with pytest.raises(Unavailable):
        client_piece_buffers(waited.append)
    assert sum(waited) == pytest.approx(PAIR_WAIT_SECONDS)
    # What other nodes send is not refused: who sent it there had his pair.
    assert len(piece_buffers()[0]) == SMALL_BUFFER_BYTES
    waited.clear()

    def let_go(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            held.pop()

    assert len(client_piece_buffers(let_go)[0]) == TINY_BUFFER_BYTES
    assert waited == [PAIR_POLL_SECONDS] * 3
