"""Reading a body file: nothing leaves before its block's checksum was right.

Whole blocks around the wanted range are read into one reused buffer and checked;
then either the checked bytes are copied out (iteration) or their place in the file
is handed out for ``sendfile``, which finds them in the page cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crc32c import crc32c

from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt
from objectstore.object.body_format import (
    BLOCK_BYTES,
    TRAILER_BYTES,
    block_count,
    decode_table,
    decode_trailer,
)

# Checked and handed out at once: 4 blocks, a read of under a millisecond from memory.
SPAN_BYTES = 4 * BLOCK_BYTES


class FileBody:
    """Bytes [start, stop) of a body file; a ``Spans``."""

    def __init__(
        self,
        disk: Disk,
        descriptor: int,
        start: int,
        stop: int,
        on_corrupt: Callable[[Corrupt], None],
    ) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._start = start
        self._stop = stop
        self._on_corrupt = on_corrupt
        self._crcs: tuple[int, ...] = ()
        self._size = 0

    def verify_trailer(self, key: bytes, timestamp: int, size: int) -> None:
        """Read the checksums; ``Corrupt`` when this is not that body."""
        end = self._disk.size(self._descriptor)
        table_bytes = 4 * block_count(size)
        if end != size + table_bytes + TRAILER_BYTES:
            raise Corrupt(f"body file of {end} bytes for {size} of data")
        raw = self._disk.pread(self._descriptor, table_bytes + TRAILER_BYTES, size)
        trailer = decode_trailer(raw[table_bytes:])
        if trailer[:3] != (key, timestamp, size):
            raise Corrupt("body file of another object")
        self._crcs = decode_table(raw[:table_bytes], trailer)
        self._size = size

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """(descriptor, offset, length) of checked bytes."""
        for offset, length, _ in self._checked():
            yield self._descriptor, offset, length

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, a block at most at a time."""
        for _, length, view in self._checked():
            for at in range(0, length, BLOCK_BYTES):
                yield bytes(view[at : at + BLOCK_BYTES])

    def _checked(self) -> Iterator[tuple[int, int, memoryview]]:
        buffer = memoryview(bytearray(min(SPAN_BYTES, max(self._size, 1))))
        offset = self._start
        stop = min(self._stop, self._size)
        while offset < stop:
            first = offset - offset % BLOCK_BYTES
            last = min(first + SPAN_BYTES, self._size)
            if stop < last:  # no further than the block with the last byte
                last = min(stop + -stop % BLOCK_BYTES, self._size)
            view = buffer[: last - first]
            self._check(view, first)
            end = min(last, stop)
            yield offset, end - offset, view[offset - first : end - first]
            offset = end

    def _check(self, view: memoryview, first: int) -> None:
        count = self._disk.pread_into(self._descriptor, view, first)
        good = count == len(view)
        for at in range(0, len(view) if good else 0, BLOCK_BYTES):
            wanted = self._crcs[(first + at) // BLOCK_BYTES]
            good = good and crc32c(view[at : at + BLOCK_BYTES]) == wanted
        if not good:
            error = Corrupt(f"body file: bad bytes after {first}")
            self._on_corrupt(error)
            raise error

    def close(self) -> None:
        """Release the descriptor."""
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        # A reply that was cut off before its first span has nobody else to close.
        self.close()
