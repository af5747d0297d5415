"""The segments that take no more records, until they are removed.

The newest segment that there ever was is never removed, so segment numbers, and with
them positions, only ever grow.
"""

from __future__ import annotations

import os

from objectstore.kernel.disk import Disk
from objectstore.kernel.journal.removal import give_back
from objectstore.kernel.journal.segments import (
    SegmentFacts,
    SegmentFiles,
    segment_numbers,
)


class ClosedSegments:
    """Of one journal.  Made by ``found``."""

    def __init__(self, disk: Disk, directory: str, files: SegmentFiles) -> None:
        self.newest = 0  # number of the newest segment there ever was, closed or not
        self._disk = disk
        self._directory = directory
        self._files = files
        self._sizes: dict[int, int] = {}  # of the newest, too, once it is closed

    @classmethod
    def found(cls, disk: Disk, directory: str, files: SegmentFiles) -> ClosedSegments:
        """All but the newest of those that are there.  Blocks."""
        closed = cls(disk, directory, files)
        numbers = segment_numbers(disk, directory)
        for number in numbers[:-1]:
            closed.add(number, disk.facts(files.path(number)).size)
        if numbers:
            closed.newest = numbers[-1]
        return closed

    def add(self, number: int, size: int) -> None:
        """This one takes no more."""
        self._sizes[number] = size

    def facts(self) -> list[SegmentFacts]:
        """All of them in the order of writing, the newest included."""
        # In one piece: ``remove`` takes one away on another thread.
        return [SegmentFacts(*item) for item in list(self._sizes.items())]

    def __contains__(self, number: int) -> bool:
        return number in self._sizes

    def may_go(self, number: int) -> bool:
        """Whether there is such a segment, and it is not the newest."""
        return number in self._sizes and number < self.newest

    def sizes(self) -> dict[int, int]:
        """Bytes of each that may go, by number."""
        sizes = dict(self._sizes)
        sizes.pop(self.newest, None)
        return sizes

    def set_aside(self, number: int, directory: str) -> None:
        """Move a segment elsewhere instead of removing it.  Blocks."""
        assert number < self.newest, "the newest segment keeps the numbers growing"
        self._files.forget(number)
        path = self._files.path(number)
        self._disk.rename(path, os.path.join(directory, os.path.basename(path)))
        del self._sizes[number]
        self._disk.sync_directory(self._directory)

    def remove(self, number: int) -> None:
        """Delete a segment, durably; not the newest one.  Blocks, for up to a second:
        its space goes in slices."""
        assert number < self.newest, "the newest segment keeps the numbers growing"
        self._files.forget(number)
        path = self._files.path(number)
        descriptor = self._disk.open(path, write=True)
        try:
            self._disk.unlink(path)
            del self._sizes[number]
            self._disk.sync_directory(self._directory)
            give_back(self._disk, descriptor)
        finally:
            self._disk.close(descriptor)
