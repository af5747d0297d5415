"""Reading segments: bytes of bodies, and all that one holds in the order of writing."""

from __future__ import annotations

from collections.abc import Iterator

from objectstore.kernel.disk import Disk
from objectstore.kernel.journal.format import (
    SEGMENT_HEADER_BYTES,
    Damage,
    Found,
    header_identity,
    segment_seed,
)
from objectstore.kernel.journal.scan import Window, scan
from objectstore.kernel.journal.segments import SegmentFacts, SegmentFiles


class SegmentReads:
    """Of one journal.  ``FileMissing`` when a segment was removed."""

    def __init__(self, disk: Disk, files: SegmentFiles, identity: bytes) -> None:
        self._disk = disk
        self._files = files
        self._identity = identity

    def at(self, segment: int, offset: int, length: int) -> bytes:
        """Bytes of a body: the caller checks them."""
        return self._disk.pread(self._files.descriptor(segment), length, offset)

    def cached(self, segment: int, offset: int, length: int) -> bytes | None:
        """The same if they are in memory, and None if not."""
        return self._disk.pread_cached(self._files.descriptor(segment), length, offset)

    def apart(self, segment: int, offset: int, length: int) -> bytes:
        """The same on a native thread, while others here close descriptors."""
        descriptor = self.open(segment)
        try:
            return self._disk.pread(descriptor, length, offset)
        finally:
            self._disk.close(descriptor)

    def open(self, segment: int) -> int:
        """A descriptor of the caller's own for reading bodies."""
        return self._disk.open(self._files.path(segment))

    def look_through(
        self,
        facts: SegmentFacts,
        offset: int,
        memory: memoryview,
        *,
        check_bodies: bool = True,
    ) -> Iterator[Found | Damage]:
        """What a segment holds from ``offset`` (0, or where something ended) on, read
        through ``memory`` (``scan_memory``).

        Without ``check_bodies`` large bodies are not even read.  Blocks: for a native
        thread.
        """
        if not facts.size:
            return  # its first batch failed, and its file could not be removed
        number, size = facts
        descriptor = self._disk.open(self._files.path(number))
        try:
            if offset < SEGMENT_HEADER_BYTES:
                header = self._disk.pread(descriptor, SEGMENT_HEADER_BYTES, 0)
                if header_identity(header, number) != self._identity:
                    yield Damage(number, 0, SEGMENT_HEADER_BYTES)
                offset = SEGMENT_HEADER_BYTES
            seed = segment_seed(self._identity, number)
            window = Window(self._disk, descriptor, size, memory)
            yield from scan(window, number, seed, offset, check_bodies=check_bodies)
        finally:
            self._disk.close(descriptor)
