"""Reading a segment from the front: good records, and the damage between them.

After damage the scan goes on at the next good record.  A bad body spoils its own
record only (its head says where the next begins); a bad head is got over by
searching for the next head whose seeded checksum fits.

Bodies are checked, or passed over: then little is read of a segment of large ones, and
a record whose body is bad looks like a good one.  Nothing is held of a body: it goes
through memory that is used again and again, for fresh memory is dear.
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
# Bodies of this size and more are passed over; to read a smaller one along takes less
# than to read again behind it.
PASSED_BODY_BYTES = 32 * 1024
# Read behind a body that was passed over: a head, and an ordinary meta.
GLANCE_BYTES = 4096
# Looked through for a head at once.
SEARCHED_BYTES = 64 * 1024


def scan_memory(size: int = WINDOW_BYTES) -> memoryview:
    """Memory to read a segment through."""
    return memoryview(bytearray(size))


class Window:
    """The file through memory that moves forward; what it shows is valid until it is
    asked again."""

    __slots__ = ("_descriptor", "_disk", "_length", "_memory", "_start", "size")

    def __init__(
        self, disk: Disk, descriptor: int, size: int, memory: memoryview
    ) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._memory = memory
        self._start = self._length = 0
        self.size = size

    def view(self, offset: int, length: int, ahead: int = WINDOW_BYTES) -> memoryview:
        """These bytes; fewer at the end of the file.  So many more are read with them
        as make up ``ahead``."""
        first = offset - self._start
        if first < 0 or first + length > self._length:
            if length > len(self._memory):
                wanted = min(length, self.size - offset)
                return memoryview(self._disk.pread(self._descriptor, wanted, offset))
            self._read(offset, max(length, ahead))
            first = 0
        return self._memory[first : min(first + length, self._length)]

    def _read(self, offset: int, wanted: int) -> None:
        wanted = max(0, min(wanted, len(self._memory), self.size - offset))
        self._length = 0  # until it has been read
        memory = self._memory[:wanted]
        self._length = self._disk.pread_into(self._descriptor, memory, offset)
        self._start = offset

    def crc_of(self, offset: int, length: int) -> int:
        """The checksum of these bytes, as far as the file goes."""
        crc, stop = 0, offset + length
        while offset < stop:
            there = self._start + self._length - offset
            if not (offset >= self._start and there > 0):
                there = stop - offset
            piece = self.view(offset, min(there, stop - offset, len(self._memory)))
            if not piece:
                break
            crc = crc32c(piece, crc)
            offset += len(piece)
        return crc

    def find(self, pattern: bytes, offset: int) -> int:
        """Where the pattern is next; -1 if nowhere."""
        while chunk := self._chunk(offset):
            if (index := chunk.find(pattern)) >= 0:
                return offset + index
            if offset + len(chunk) >= self.size:
                break
            # It may begin in this chunk and end in the next.
            offset += max(1, len(chunk) - len(pattern) + 1)
        return -1

    def data_end(self, offset: int) -> int:
        """After the last byte, from ``offset`` on, that is not zero."""
        end = offset
        while chunk := self._chunk(offset):
            if stripped := chunk.rstrip(b"\0"):
                end = offset + len(stripped)
            offset += len(chunk)
        return end

    def _chunk(self, offset: int) -> bytes:
        length = min(SEARCHED_BYTES, len(self._memory), self.size - offset)
        return bytes(self.view(offset, length)) if length > 0 else b""


def scan(
    window: Window, number: int, seed: int, start: int, *, check_bodies: bool = True
) -> Iterator[Found | Damage]:
    """Records and damage from ``start`` on, in order; padding left out.

    Zeros up to the end are not damage.
    """
    for found in scan_all(window, number, seed, start, check_bodies=check_bodies):
        if not (isinstance(found, Found) and found.kind == KIND_PADDING):
            yield found


def scan_all(
    window: Window, number: int, seed: int, start: int, *, check_bodies: bool = True
) -> Iterator[Found | Damage]:
    """The same with the padding, whose body nobody checks."""
    offset = start
    ahead = WINDOW_BYTES if check_bodies else GLANCE_BYTES
    while offset < window.size:
        head = decode_head(seed, offset, bytes(window.view(offset, HEAD_BYTES, ahead)))
        if head is not None and offset + head.total <= window.size:
            yield _record(window, number, offset, head, ahead, check_bodies)
            offset += head.total
            if not check_bodies:
                # One small record between large ones must not cost a whole window.
                is_large = head.body_length >= PASSED_BODY_BYTES
                ahead = GLANCE_BYTES if is_large else min(2 * ahead, WINDOW_BYTES)
            continue
        following = _next_head(window, seed, offset + 1)
        if following < 0:
            if (end := window.data_end(offset)) > offset:
                yield Damage(number, offset, end)
            return
        yield Damage(number, offset, following)
        offset = following


def _record(
    window: Window,
    number: int,
    offset: int,
    head: Head,
    ahead: int,
    check_bodies: bool,
) -> Found | Damage:
    kind, meta_length, body_length, batch, meta_crc, body_crc = head
    if kind == KIND_PADDING:
        body_length += meta_length
        return Found(number, offset, KIND_PADDING, b"", body_length, 0, batch)
    at = offset + HEAD_BYTES
    meta = bytes(window.view(at, meta_length, ahead))
    if crc32c(meta) != meta_crc:
        return Damage(number, offset, offset + head.total)
    at += meta_length
    if check_bodies and window.crc_of(at, body_length) != body_crc:
        return Damage(number, offset, offset + head.total, kind, meta)
    return Found(number, offset, kind, meta, body_length, body_crc, batch)


def _next_head(window: Window, seed: int, offset: int) -> int:
    while (offset := window.find(RECORD_MAGIC, offset)) >= 0:
        head = decode_head(seed, offset, bytes(window.view(offset, HEAD_BYTES)))
        if head is not None and offset + head.total <= window.size:
            return offset
        offset += 1
    return -1
