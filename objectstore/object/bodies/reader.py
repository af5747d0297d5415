"""Reading a body file: nothing leaves before its block's checksum was right.

Whole blocks around the wanted range are read into reused memory and checked.  Then
either the checked bytes are copied out (iteration); or, of what was read through the
page cache, their place in the file is handed out for ``sendfile``, which finds them
there; or, of what was read around it (``object.bodies.windows``), the memory itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import tee

from crc32c import crc32c

from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt
from objectstore.object.bodies.format import (
    BLOCK_BYTES,
    TRAILER_BYTES,
    block_count,
    decode_table,
    decode_trailer,
)
from objectstore.object.bodies.windows import WindowReader
from objectstore.wire.nodes import Span

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
        windows: WindowReader | None = None,
    ) -> None:
        """``windows``: how to read around the page cache; None: through it."""
        self._disk = disk
        self._descriptor = descriptor
        self._start = start
        self._stop = stop
        self._on_corrupt = on_corrupt
        self._windows = windows
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

    def spans(self) -> Iterator[Span]:
        """Checked bytes: (descriptor, offset, length), or the memory they are in."""
        for offset, view in self._checked():
            if self._windows is not None:
                yield view
            else:
                yield self._descriptor, offset, len(view)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, a block at most at a time."""
        for _, view in self._checked():
            for at in range(0, len(view), BLOCK_BYTES):
                yield bytes(view[at : at + BLOCK_BYTES])

    def _checked(self) -> Iterator[tuple[int, memoryview]]:
        """(offset, bytes) of the range, span by span."""
        stop = min(self._stop, self._size)
        spans, again = tee(self._whole_blocks(stop))
        for (first, last), view in zip(spans, self._filled(again), strict=True):
            self._check(view, first, last)
            offset = max(first, self._start)
            yield offset, view[offset - first : stop - first]

    def _whole_blocks(self, stop: int) -> Iterator[tuple[int, int]]:
        """[first, last) of each span: no further than the block with the last byte."""
        end = min(stop + -stop % BLOCK_BYTES, self._size)
        first = self._start - self._start % BLOCK_BYTES
        while first < stop:
            last = min(first + SPAN_BYTES, end)
            yield first, last
            first = last

    def _filled(self, spans: Iterator[tuple[int, int]]) -> Iterator[memoryview]:
        """What is in the file there, each valid until the next is asked for."""
        if self._windows is not None:
            yield from self._windows.read(spans)
            return
        buffer = memoryview(bytearray(min(SPAN_BYTES, max(self._size, 1))))
        for first, last in spans:
            view = buffer[: last - first]
            yield view[: self._disk.pread_into(self._descriptor, view, first)]

    def _check(self, view: memoryview, first: int, last: int) -> None:
        good = len(view) == last - first
        for at in range(0, len(view) if good else 0, BLOCK_BYTES):
            wanted = self._crcs[(first + at) // BLOCK_BYTES]
            good = good and crc32c(view[at : at + BLOCK_BYTES]) == wanted
        if not good:
            error = Corrupt(f"body file: bad bytes after {first}")
            self._on_corrupt(error)
            raise error

    def close(self) -> None:
        """Release the descriptor."""
        if self._windows is not None:
            self._windows.close()
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        # A reply that was cut off before its first span has nobody else to close.
        self.close()
