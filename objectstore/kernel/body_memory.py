"""Memory for bodies on their way in: whole blocks, bounded in number, used again.

Bodies are received right into it and written from there, by as many devices as take
them; a buffer is free when the last of them has let go of it (``ViewedPool``).
"""

from __future__ import annotations

from objectstore.kernel.blocks import ViewedPool, block_memory

# The largest piece of an upload, and the largest body that is one piece.
BUFFER_BYTES = 1024 * 1024
# Of one process: as much memory as 32 large uploads at once have for themselves.
BUFFERS_MAX = 64
# What each upload beyond them makes do with: more pieces, but nobody waits for a slow
# client to let go of his.
SMALL_BUFFER_BYTES = 64 * 1024

_pool = ViewedPool(BUFFER_BYTES, BUFFERS_MAX)


def body_memory(size: int) -> memoryview:
    """Memory for a body of ``size`` (BUFFER_BYTES at most), its content undefined."""
    assert size <= BUFFER_BYTES, "a body of several pieces"
    memory = _pool.take()
    return memoryview(bytearray(size)) if memory is None else memory[:size]


def piece_buffers() -> tuple[memoryview, memoryview]:
    """A pair of equal buffers, one to be filled while the other is written."""
    first, second = _pool.take(), _pool.take()
    if first is None or second is None:
        return block_memory(SMALL_BUFFER_BYTES), block_memory(SMALL_BUFFER_BYTES)
    return first, second
