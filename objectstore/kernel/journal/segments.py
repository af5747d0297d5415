"""The segment files of one journal: their names, descriptors and facts."""

from __future__ import annotations

import contextlib
import os
import re
from collections import OrderedDict
from typing import NamedTuple

from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError

# Open descriptors kept for reading.  A device of 4 TiB has 65,536 segments of
# the default size: not all can be open.
OPEN_SEGMENTS_MAX = 128
_NAME = re.compile(r"(\d{10})\.log")


class SegmentFacts(NamedTuple):
    """One segment file."""

    number: int
    size: int  # of the file; the last one has zeros allocated ahead


def segment_name(number: int) -> str:
    """File name of a segment."""
    return f"{number:010d}.log"


def segment_numbers(disk: Disk, directory: str) -> list[int]:
    """The segments that are there, in the order of writing."""
    matches = map(_NAME.fullmatch, disk.list(directory))
    return [int(match.group(1)) for match in matches if match]


class SegmentFiles:
    """Opens segments for reading and keeps the most recently used ones open."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self._disk = disk
        self._directory = directory
        self._open: OrderedDict[int, int] = OrderedDict()

    def path(self, number: int) -> str:
        """Where the segment is."""
        return os.path.join(self._directory, segment_name(number))

    def descriptor(self, number: int) -> int:
        """For reading, at once: a later call may close it.  ``FileMissing``."""
        descriptor = self._open.get(number)
        if descriptor is not None:
            self._open.move_to_end(number)
            return descriptor
        descriptor = self._open[number] = self._disk.open(self.path(number))
        if len(self._open) > OPEN_SEGMENTS_MAX:
            self._disk.close(self._open.popitem(last=False)[1])
        return descriptor

    def forget_cached(self, number: int, start: int, stop: int) -> None:
        """Let the page cache go of these bytes."""
        with contextlib.suppress(RingstackError):  # it may have been removed
            self._disk.forget_cached(self.descriptor(number), start, stop - start)

    def forget(self, number: int) -> None:
        """Close it, before its removal."""
        if (descriptor := self._open.pop(number, None)) is not None:
            self._disk.close(descriptor)

    def close(self) -> None:
        """Close all files."""
        for number in list(self._open):
            self.forget(number)
