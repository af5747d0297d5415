"""Stops writes before a device is truly full.

Two thresholds.  Below the *reserve* nothing is taken that makes the device fuller;
what is left is for deletions, for compaction, and for bringing databases up to
date.  Bodies stop earlier, by the *body reserve*: the room between is for rows and
metadata of objects that other devices have taken.
"""

from __future__ import annotations

from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk, Space
from objectstore.kernel.errors import InsufficientStorage

# One statvfs in this time, not one for each write.
LOOK_SECONDS = 0.5
# Of one write, in the log and in the index: a generous guess.
OVERHEAD_BYTES = 2048


class SpaceGuard:
    """Looks at the free space of a device from time to time."""

    def __init__(
        self,
        disk: Disk,
        path: str,
        reserve_bytes: int,
        clock: Clock,
        body_reserve_bytes: int = 0,
    ) -> None:
        """``body_reserve_bytes`` comes on top of ``reserve_bytes``."""
        self.reserve_bytes = reserve_bytes
        self.body_reserve_bytes = body_reserve_bytes
        self._disk = disk
        self._path = path
        self._clock = clock
        self._look_after = 0.0
        self._free = 0

    def check(self, size: int = 0, *, is_body: bool = False) -> None:
        """``InsufficientStorage`` when ``size`` more bytes eat into the reserve."""
        now = self._clock.monotonic()
        if now >= self._look_after:
            self._free = self.space().free
            self._look_after = now + LOOK_SECONDS
        kept = self.reserve_bytes + (self.body_reserve_bytes if is_body else 0)
        if self._free - size < kept:
            raise InsufficientStorage(
                f"{self._path}: {self._free} bytes free, {kept} reserved"
            )
        # What is let through between two looks counts, with its record and row.
        self._free -= size + OVERHEAD_BYTES

    def space(self) -> Space:
        """The device's space as it is now."""
        return self._disk.space(self._path)
