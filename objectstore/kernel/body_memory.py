"""Memory for bodies on their way in: bounded, whatever the number of connections.

Bodies are received right into it and written from there, by as many devices as take
them; memory is free when the last of them has let go of it (``ViewedPool``,
``CountedPages``).  Whoever finds no memory for a whole body sends it in small pieces,
the smaller the more there are, and waits for buffers when even those are out:
a client that stalls keeps what he holds, but no others from being served.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.blocks import CountedPages, ViewedPool
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Unavailable

# The largest piece of an upload, and the largest body that is one piece.
BUFFER_BYTES = 1024 * 1024
# Of one process: as much memory as 16 large uploads at once have for themselves.
BUFFERS_MAX = 64
# Of one large upload: one fills, the others are written, some longer than others.
BUFFERS_AT_ONCE = 4
# Beyond them, for whole bodies: hundreds of ordinary size at once stay one piece.
WHOLE_BYTES_MAX = 64 * 1024 * 1024
# What each upload beyond those makes do with: more pieces, but nobody waits for a slow
# client to let go of his.
SMALL_BUFFER_BYTES = 64 * 1024
# All such buffers of clients' uploads: enough for 512 of them.
SMALL_BYTES_MAX = 64 * 1024 * 1024
# And those of the others: as many as a worker has connections.
TINY_BUFFER_BYTES = 8 * 1024
TINY_BYTES_MAX = 64 * 1024 * 1024
# How long an upload waits for its pair before it is told 503.
PAIR_WAIT_SECONDS = 20.0
PAIR_POLL_SECONDS = 0.05

Buffers = tuple[memoryview, ...]

_pool = ViewedPool(BUFFER_BYTES, BUFFERS_MAX)
_whole = CountedPages(WHOLE_BYTES_MAX)
_small = CountedPages(SMALL_BYTES_MAX)
_tiny = CountedPages(TINY_BYTES_MAX)
# Of uploads that other nodes send: as many as their clients have pairs there.
_unbounded = CountedPages(None)


def body_memory(size: int) -> memoryview | None:
    """Memory for a whole body of ``size`` (BUFFER_BYTES at most), content undefined.

    None when all that there is for whole bodies is in use.
    """
    assert size <= BUFFER_BYTES, "a body of several pieces"
    memory = _pool.take()
    return _whole.take(size) if memory is None else memory[:size]


def piece_buffers() -> Buffers:
    """A pair of equal buffers, one to be filled while the other is written."""
    pair = _large(2) or _pair_of(_unbounded, SMALL_BUFFER_BYTES)
    assert pair is not None
    return pair


def client_piece_buffers(pause: Callable[[float], object] = sleep) -> Buffers:
    """The same for a client's upload: more than a pair where there are, and he may have
    to wait.

    ``Unavailable`` when others have held all of them for PAIR_WAIT_SECONDS.
    """
    for _ in range(int(PAIR_WAIT_SECONDS / PAIR_POLL_SECONDS)):
        pair = (
            _large(BUFFERS_AT_ONCE)
            or _pair_of(_small, SMALL_BUFFER_BYTES)
            or _pair_of(_tiny, TINY_BUFFER_BYTES)
        )
        if pair is not None:
            return pair
        pause(PAIR_POLL_SECONDS)
    raise Unavailable("too many uploads at once: no memory for one more")


def _large(count: int) -> Buffers | None:
    """So many, or as many as there are: a pair at least."""
    buffers: list[memoryview] = []
    while len(buffers) < count and (buffer := _pool.take()) is not None:
        buffers.append(buffer)
    return tuple(buffers) if len(buffers) > 1 else None


def _pair_of(pages: CountedPages, size: int) -> Buffers | None:
    both = pages.take(2 * size)
    return None if both is None else (both[:size], both[size:])
