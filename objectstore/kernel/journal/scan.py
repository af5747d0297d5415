"""Reading a segment from the front: good records, and the damage between them.

After damage the scan goes on at the next good record.  A bad body spoils its own
record only (its head says where the next begins); a bad head is got over by
searching for the next head whose seeded checksum fits.
"""

from __future__ import annotations

from collections.abc import Iterator

from crc32c import crc32c

from objectstore.kernel.disk import Disk
from objectstore.kernel.journal.format import (
    HEAD_BYTES,
    KIND_PADDING,
    RECORD_MAGIC,
    Damage,
    Found,
    Head,
    decode_head,
)

# Large enough that a replay is sequential reading, small enough to hold many.
WINDOW_BYTES = 1024 * 1024


class _Window:
    """The file through a buffer that moves forward."""

    __slots__ = ("_data", "_descriptor", "_disk", "_start", "size")

    def __init__(self, disk: Disk, descriptor: int, size: int) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._start = 0
        self._data = b""
        self.size = size

    def view(self, offset: int, length: int) -> memoryview:
        """These bytes; fewer at the end of the file."""
        first = offset - self._start
        if first < 0 or first + length > len(self._data):
            wanted = max(length, WINDOW_BYTES)
            wanted = min(wanted, self.size - offset)
            self._data = self._disk.pread(self._descriptor, wanted, offset)
            self._start = offset
            first = 0
        return memoryview(self._data)[first : first + length]

    def find(self, pattern: bytes, offset: int) -> int:
        """Where the pattern is next; -1 if nowhere."""
        while offset < self.size:
            chunk = bytes(self.view(offset, min(WINDOW_BYTES, self.size - offset)))
            if not chunk:
                return -1
            if (index := chunk.find(pattern)) >= 0:
                return offset + index
            if len(chunk) < WINDOW_BYTES:
                return -1
            offset += len(chunk) - len(pattern) + 1
        return -1

    def data_end(self, offset: int) -> int:
        """After the last byte, from ``offset`` on, that is not zero."""
        end = offset
        while offset < self.size:
            chunk = bytes(self.view(offset, min(WINDOW_BYTES, self.size - offset)))
            if not chunk:
                break
            if stripped := chunk.rstrip(b"\0"):
                end = offset + len(stripped)
            offset += len(chunk)
        return end


def scan(
    disk: Disk, descriptor: int, number: int, seed: int, start: int, size: int
) -> Iterator[Found | Damage]:
    """Records and damage from ``start`` to ``size``, in order; padding left out.

    Zeros up to the end are not damage.
    """
    for found in scan_all(disk, descriptor, number, seed, start, size):
        if not (isinstance(found, Found) and found.kind == KIND_PADDING):
            yield found


def scan_all(
    disk: Disk, descriptor: int, number: int, seed: int, start: int, size: int
) -> Iterator[Found | Damage]:
    """The same with the padding, whose body nobody checks."""
    window = _Window(disk, descriptor, size)
    offset = start
    while offset < window.size:
        head = decode_head(seed, offset, bytes(window.view(offset, HEAD_BYTES)))
        if head is not None and offset + head.total <= window.size:
            yield _record(window, number, offset, head)
            offset += head.total
            continue
        following = _next_head(window, seed, offset + 1)
        if following < 0:
            if (end := window.data_end(offset)) > offset:
                yield Damage(number, offset, end)
            return
        yield Damage(number, offset, following)
        offset = following


def _record(window: _Window, number: int, offset: int, head: Head) -> Found | Damage:
    record = window.view(offset, head.total)
    if head.kind == KIND_PADDING:
        body = record[HEAD_BYTES:]
        return Found(number, offset, KIND_PADDING, b"", body, 0, head.batch)
    meta = bytes(record[HEAD_BYTES : HEAD_BYTES + head.meta_length])
    body = record[HEAD_BYTES + head.meta_length :]
    if crc32c(meta) != head.meta_crc:
        return Damage(number, offset, offset + head.total)
    if crc32c(body) != head.body_crc:
        return Damage(number, offset, offset + head.total, head.kind, meta)
    return Found(number, offset, head.kind, meta, body, head.body_crc, head.batch)


def _next_head(window: _Window, seed: int, offset: int) -> int:
    while (offset := window.find(RECORD_MAGIC, offset)) >= 0:
        head = decode_head(seed, offset, bytes(window.view(offset, HEAD_BYTES)))
        if head is not None and offset + head.total <= window.size:
            return offset
        offset += 1
    return -1
