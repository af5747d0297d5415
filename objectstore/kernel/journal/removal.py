"""Giving back the space of a segment that has no name any more.

A little at a time: a file system that takes back 64 MiB at once notes it all in one
transaction, for which the syncs of every log on it have to wait (10 to 20 ms).
"""

from __future__ import annotations

import contextlib

from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError

# Given back at a time, and how long the others have the disk between two times.
SLICE_BYTES = 1024 * 1024
PAUSE_SECONDS = 0.01


def give_back(disk: Disk, descriptor: int) -> None:
    """Cut the open file down, from its end.  Blocks, for 0.7 s if it has 64 MiB.

    Its name must be gone, durably: of half a segment a crash would bring back the
    records without those that undo them.  Whoever has the file open, too, goes on
    reading it: then nothing is done, and its space goes with him.
    """
    if disk.is_open_elsewhere(descriptor):
        return
    with contextlib.suppress(RingstackError):  # closing it gives back the rest
        for length in range(disk.size(descriptor) - SLICE_BYTES, 0, -SLICE_BYTES):
            disk.truncate(descriptor, length)
            disk.pause(PAUSE_SECONDS)
