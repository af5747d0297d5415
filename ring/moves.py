"""What moved between two assignments, and when each partition last did.

A moved replica is unavailable until its data has followed, so a partition rests for
min_part_hours after each move. The moments are Unix times in one array, by partition;
0 is long ago.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Collection, Sequence
from itertools import compress, count

from ring.slots import UNASSIGNED


def never(parts: int) -> array[int]:
    """The moments of partitions that have not moved, or of which nobody knows."""
    return array("I", bytes(4 * parts))


def moved_since(moved_at: array[int], limit: int) -> bytearray:
    """One byte per partition: did it move after the moment `limit`?"""
    return bytearray(map(limit.__lt__, moved_at))


def stamp_moves(
    moved_at: array[int],
    before: Sequence[array[int]],
    after: Sequence[array[int]],
    now: int,
) -> int:
    """Stamp the partitions that changed; return how many replicas moved."""
    differing: set[int] = set()
    for replica, row in enumerate(after):
        old = before[replica] if replica < len(before) else array("I")
        old = old + array("I", [UNASSIGNED]) * (len(row) - len(old))
        differing.update(compress(count(), map(operator.ne, row, old)))
    moved = 0
    for partition in differing:
        # A replica that only changed its row has not moved.
        gained = _holders(after, partition) - _holders(before, partition)
        if gained:
            moved_at[partition] = now
            moved += len(gained)
    return moved


def without_devices(
    rows: Sequence[array[int]], device_ids: Collection[int]
) -> list[array[int]]:
    """A copy of the assignment in which nothing is on these devices."""
    copies = [array("I", row) for row in rows]
    for device_id in device_ids:
        for row in copies:
            place = -1
            for _ in range(row.count(device_id)):
                place = row.index(device_id, place + 1)
                row[place] = UNASSIGNED
    return copies


def _holders(rows: Sequence[array[int]], partition: int) -> set[int]:
    return {row[partition] for row in rows if partition < len(row)}
