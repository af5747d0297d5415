"""Zeros written ahead of a log of small records.

Space that was only allocated is turned into space that was written by each sync, and
that is noted in the file system's own log, for which the sync waits and others with it.
Over zeros a sync is the write of one block.  They cost as many bytes again as what is
written over them, so this is for rows, a few hundred bytes each, not for objects.
"""

from __future__ import annotations

from objectstore.kernel.blocks import block_stop
from objectstore.kernel.disk import Disk

# Zeros are synced in such pieces: a batch that is synced meanwhile waits for one.
PIECE_BYTES = 64 * 1024
# What is written for a batch that waits for space, a few hundred rows; more follows in
# the background.
FIRST_ZEROS_BYTES = 2 * PIECE_BYTES

_ZEROS = memoryview(bytes(PIECE_BYTES))


def write_zeros(disk: Disk, path: str, start: int, stop: int) -> None:
    """Write zeros there, durably.  Blocks."""
    # Opened anew: a failed write is told once to each who has the file open, and the
    # batch under way must not miss what we would hear.
    descriptor = disk.open(path, write=True)
    try:
        for at in range(start, stop, PIECE_BYTES):
            disk.pwrite(descriptor, [_ZEROS[: stop - at]], at)
            disk.sync_data(descriptor)
    finally:
        disk.close(descriptor)


def padding(end: int) -> memoryview:
    """Zeros up to the end of the block: one that has left the page cache need not be
    read before it is written in part."""
    return _ZEROS[: block_stop(end) - end]
