"""How bytes get into a file and onto the disk, without holding up the hub."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer, translated
from objectstore.kernel.sync_queue import SyncQueue

# POSIX lets a writev take 1,024 buffers on Linux (IOV_MAX).
BUFFERS_PER_WRITE_MAX = 1024


def write_all(descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
    """pwritev until everything is written; returns the number of bytes."""
    if len(buffers) <= BUFFERS_PER_WRITE_MAX:
        wanted = sum(map(len, buffers))
        if (written := os.pwritev(descriptor, buffers, offset)) == wanted:
            return wanted
        return written + _write_rest(descriptor, buffers, offset, written)
    total = 0
    for first in range(0, len(buffers), BUFFERS_PER_WRITE_MAX):
        part = buffers[first : first + BUFFERS_PER_WRITE_MAX]
        total += write_all(descriptor, part, offset + total)
    return total


def _write_rest(
    descriptor: int, buffers: Sequence[Buffer], offset: int, written: int
) -> int:
    """After a short write: what is left, buffer by buffer."""
    total = 0
    for buffer in buffers:
        if written >= len(buffer):
            written -= len(buffer)
            offset += len(buffer)
            continue
        view = memoryview(buffer).cast("B")
        offset += written
        view, written = view[written:], 0
        while view:
            count = os.pwrite(descriptor, view, offset)
            offset += count
            total += count
            view = view[count:]
    return total


def write_blocks(direct: int, ordinary: int, memory: Buffer, offset: int) -> int:
    """Write whole blocks around the page cache; returns the number of bytes.  Through
    it, when the file system has larger blocks than ours (EINVAL) or wrote a part."""
    try:
        if (written := os.pwrite(direct, memory, offset)) == len(memory):
            return written
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return write_all(ordinary, [memory], offset)


def _write_and_sync(descriptor: int, buffers: Sequence[Buffer], offset: int) -> None:
    try:
        write_all(descriptor, buffers, offset)
        os.fdatasync(descriptor)
    except OSError as error:
        raise translated(error) from error


def _write_blocks_and_sync(direct: int, memory: Buffer, offset: int) -> None:
    if os.pwrite(direct, memory, offset) != len(memory):
        raise OSError(errno.EIO, "a short write")
    os.fdatasync(direct)


def write_on_a_thread(
    descriptor: int, buffers: Sequence[Buffer], offset: int
) -> Promise[None]:
    """Write and sync; fails with the house's errors."""
    return concurrency.promised(
        concurrency.offload, _write_and_sync, descriptor, buffers, offset
    )


def hand_on(done: Promise[Any], promise: Promise[None]) -> None:
    """Let the promise have the same outcome, an ``OSError`` translated."""
    error = done.error
    if error is None:
        promise.resolve(None)
    else:
        promise.fail(translated(error) if isinstance(error, OSError) else error)


def write_around(
    queue: SyncQueue | None,
    direct: int,
    ordinary: int,
    memory: memoryview,
    offset: int,
) -> Promise[None]:
    """Write whole blocks around the page cache and sync them, in the kernel's queue or
    on a thread.  A file system with larger blocks than ours refuses (EINVAL): then
    through the cache after all."""
    promise: Promise[None] = Promise()

    def end(done: Promise[Any]) -> None:
        error = done.error
        if isinstance(error, OSError) and error.errno == errno.EINVAL:
            again = write_on_a_thread(ordinary, [memory], offset)
            again.when_done(lambda done: hand_on(done, promise))
        else:
            hand_on(done, promise)

    if queue is None:
        concurrency.promised(
            concurrency.offload, _write_blocks_and_sync, direct, memory, offset
        ).when_done(end)
    else:
        queue.write_and_sync(direct, memory, offset).when_done(end)
    return promise
