"""Memory for bodies: bounded, and free when the last reader has let go."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import pytest

from objectstore.kernel import blocks
from objectstore.kernel.blocks import BLOCK_BYTES, ViewedPool, is_of_blocks
from objectstore.kernel.body_memory import (
    BUFFER_BYTES,
    BUFFERS_MAX,
    SMALL_BUFFER_BYTES,
    body_memory,
    piece_buffers,
)
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX


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
    count = blocks._references

    def references(buffers: list[mmap.mmap]) -> Iterator[int]:
        for number in count(buffers):
            yield number + more

    monkeypatch.setattr(blocks, "_references", references)
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
    assert len(body_memory(100_000)) == 100_000
    del pairs
    assert len(piece_buffers()[0]) == BUFFER_BYTES
