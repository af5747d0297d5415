"""Stops writes before a device is truly full."""

from __future__ import annotations

from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import InsufficientStorage

# One statvfs in this time, not one for each write.
LOOK_SECONDS = 0.5
# Of one write, in the log and in the index: a generous guess.
OVERHEAD_BYTES = 2048


class SpaceGuard:
    """Looks at the free space of a device from time to time."""

    def __init__(self, disk: Disk, path: str, reserve_bytes: int, clock: Clock) -> None:
        self._disk = disk
        self._path = path
        self._reserve_bytes = reserve_bytes
        self._clock = clock
        self._look_after = 0.0
        self._free = 0

    def check(self, size: int = 0) -> None:
        """``InsufficientStorage`` when ``size`` more bytes eat into the reserve."""
        now = self._clock.monotonic()
        if now >= self._look_after:
            self._free = self._disk.space(self._path).free
            self._look_after = now + LOOK_SECONDS
        if self._free - size < self._reserve_bytes:
            raise InsufficientStorage(
                f"{self._path}: {self._free} bytes free, {self._reserve_bytes} reserved"
            )
        # What is let through between two looks counts, with its record and row.
        self._free -= size + OVERHEAD_BYTES
