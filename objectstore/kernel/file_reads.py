"""How bytes get out of a file without holding up the hub: what the page cache has, and
what is read around it."""

from __future__ import annotations

import errno
import os

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import translated
from objectstore.kernel.sync_queue import SyncQueue

# What file systems and old kernels say of RWF_NOWAIT when they do not know it.
_CANNOT_SAY = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def read_rest(descriptor: int, begun: bytes, length: int, offset: int) -> bytes:
    """After a short read of ``length`` bytes from ``offset`` that began so: all of
    them, fewer only at the end of the file."""
    parts = [begun]
    left = length - len(begun)
    while left and (data := os.pread(descriptor, left, offset + length - left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def read_cached(descriptor: int, length: int, offset: int) -> bytes | None:
    """These bytes, if the page cache has all of them; read all the same by a system
    that cannot say so."""
    buffer = bytearray(length)
    try:
        count = os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno not in _CANNOT_SAY:
            raise
        count = read_into(descriptor, memoryview(buffer), offset)
    return bytes(buffer) if count == length else None


def read_into(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Fill the buffer; the bytes read, fewer only at the end of the file."""
    total = 0
    while total < len(buffer):
        count = os.preadv(descriptor, [buffer[total:]], offset + total)
        if not count:
            break
        total += count
    return total


def read_around(
    queue: SyncQueue | None,
    direct: int,
    ordinary: int,
    memory: memoryview,
    offset: int,
) -> Promise[int]:
    """Read whole blocks around the page cache, in the kernel's queue or on a thread.
    A file system with larger blocks than ours refuses (EINVAL): then through the
    cache after all."""
    promise: Promise[int] = Promise()

    def end(done: Promise[int]) -> None:
        error = done.error
        if error is None:
            promise.resolve(done.result())
        elif not isinstance(error, OSError):
            promise.fail(error)
        elif error.errno == errno.EINVAL:
            try:
                promise.resolve(read_into(ordinary, memory, offset))
            except OSError as again:
                promise.fail(translated(again))
        else:
            promise.fail(translated(error))

    if queue is None:
        read = concurrency.promised(
            concurrency.offload, os.preadv, direct, [memory], offset
        )
    else:
        read = queue.read(direct, memory, offset)
    read.when_done(end)
    return promise
