"""What opening a journal does to the tail that a crash may have torn.

Only the last batch of the last segment can be unacknowledged.  Whole records of
it are kept (their writers never heard of failure or success); the bytes after the
last good record are cut off; a gap between good records of that batch is covered
by a padding record, so that it is not taken for damage once later batches follow.
Damage before the last batch is left as it is and reported, each time.
"""

from __future__ import annotations

from typing import NamedTuple

from objectstore.kernel.disk import Disk
from objectstore.kernel.journal.format import (
    HEAD_BYTES,
    KIND_PADDING,
    SEGMENT_HEADER_BYTES,
    Damage,
    Found,
    encode_head,
)
from objectstore.kernel.journal.scan import Window, scan_all, scan_memory


class Tail(NamedTuple):
    """The last segment after repair."""

    end: int  # where the next record goes
    records: int
    last_batch: int  # where the last batch that left anything began
    torn: list[Damage]  # never acknowledged: cut off or covered
    damage: list[Damage]  # acknowledged once, bad now


def examine_tail(disk: Disk, descriptor: int, number: int, seed: int) -> Tail:
    """Read the segment through and tell the torn from the damaged."""
    end, records, last_batch = SEGMENT_HEADER_BYTES, 0, SEGMENT_HEADER_BYTES
    holes: list[Damage] = []
    window = Window(disk, descriptor, disk.size(descriptor), scan_memory())
    for found in scan_all(window, number, seed, SEGMENT_HEADER_BYTES):
        if isinstance(found, Found):
            # Padding too: positions after it have been given out.
            end, last_batch = found.end.offset, found.batch
            records += found.kind != KIND_PADDING
        else:
            holes.append(found)
    torn = [hole for hole in holes if hole.start >= last_batch or hole.start >= end]
    damage = [hole for hole in holes if hole not in torn]
    return Tail(end, records, last_batch, torn, damage)


def repair_tail(disk: Disk, descriptor: int, seed: int, tail: Tail) -> None:
    """Cover the gaps and cut the rest off; durable on return."""
    for hole in tail.torn:
        length = hole.stop - hole.start
        if hole.stop <= tail.end and length >= HEAD_BYTES:
            head = encode_head(
                seed, hole.start, hole.start, KIND_PADDING, b"", length - HEAD_BYTES, 0
            )
            disk.pwrite(descriptor, [head], hole.start)
    disk.truncate(descriptor, tail.end)
    disk.sync_data(descriptor)
