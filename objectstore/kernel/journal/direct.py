"""Batches of large bodies, written around the page cache.

A page of the cache that nobody had before is dear, and one that was is no use: large
bodies seldom are read soon.  So their batches are put together in memory of whole
blocks, used again and again, and written from there in one request with its sync.

The last bytes before the batch, when they end within a block, are written again with
it (as the page cache would do): a sector holds the same then as before.  The batch
ends with a padding record up to the end of its last block, so that what comes next,
through the cache or around it, begins a block of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.blocks import (
    BLOCK_BYTES,
    LARGE_PAGE_BYTES,
    BlockPool,
    block_stop,
)
from objectstore.kernel.disk import Buffer
from objectstore.kernel.journal.format import HEAD_BYTES, KIND_PADDING, encode_head

# Bodies of this size and more are "large" here.
LARGE_BODY_BYTES = 32 * 1024
# What is written directly holds so much of them at least; measured: see
# doc/performance.md.
DIRECT_BYTES_MIN = 64 * 1024
# A batch holds up its writers while it is written: bounded to a few
# milliseconds of a slow disk.
BATCH_BYTES_MAX = 4 * 1024 * 1024
# Batches under way at once, in one process; more go through the page cache.  Memory
# that no batch reached into yet is not taken.
BATCHES_MAX = 16

# There is a block before, a block behind, and a padding record that does not fit in it.
_pool = BlockPool(BATCH_BYTES_MAX + LARGE_PAGE_BYTES, BATCHES_MAX)


def pays(large_bytes: int, all_bytes: int) -> bool:
    """Whether a batch with so much of large bodies is better written directly; small
    ones are read soon, and want to stay in memory."""
    return large_bytes >= DIRECT_BYTES_MIN and 2 * large_bytes >= all_bytes


def padded_end(end: int) -> int:
    """Where a direct batch ends whose last record ends here."""
    stop = block_stop(end)
    return stop if stop == end or stop - end >= HEAD_BYTES else stop + BLOCK_BYTES


class DirectBatch:
    """The bytes of a batch in whole blocks; ``release`` when they are written."""

    def __init__(self, memory: memoryview, length: int) -> None:
        self._memory = memory
        self.blocks = memory[:length]

    @classmethod
    def assemble(
        cls, seed: int, start: int, first: int, end: int, buffers: Sequence[Buffer]
    ) -> DirectBatch | None:
        """The blocks from ``start`` on: what is there before the batch, then the batch,
        whose records lie from ``first`` to ``end``; padded.  None where there is no
        memory for it."""
        stop = padded_end(end)
        if stop - start > _pool.buffer_bytes or (memory := _pool.take()) is None:
            return None
        at = 0
        for buffer in (*buffers, _padding(seed, first, end, stop)):
            memory[at : at + len(buffer)] = buffer
            at += len(buffer)
        assert at == stop - start
        return cls(memory, at)

    def release(self) -> None:
        """Its memory is free for the next."""
        _pool.give_back(self._memory)


def _padding(seed: int, batch: int, end: int, stop: int) -> bytes:
    if end == stop:
        return b""
    length = stop - end - HEAD_BYTES
    head = encode_head(seed, end, batch, KIND_PADDING, b"", length, 0)
    return head + bytes(length)
