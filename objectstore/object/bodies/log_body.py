"""Reading a larger body out of the log: checked as a whole, then sent from there.

A body in the log has one checksum, so it is read through once before its first
byte leaves, whatever range is wanted; it is a piece of an upload at most.  What is
handed out for ``sendfile`` lies in the page cache then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crc32c import crc32c

from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Corrupt
from objectstore.object.records.state import Body
from objectstore.wire.nodes import Span

# Handed out at once where bytes are copied: what one send takes well.
PIECE_BYTES = 256 * 1024


class LogBody:
    """Bytes [start, stop) of a body of ``size`` in a segment; a ``Spans``.

    It owns the descriptor: the segment may be removed while it is read.
    """

    def __init__(
        self,
        disk: Disk,
        descriptor: int,
        body: Body,
        size: int,
        start: int,
        stop: int,
        on_corrupt: Callable[[Corrupt], None],
    ) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._body = body
        self._size = size
        self._start = start
        self._stop = min(stop, size)
        self._on_corrupt = on_corrupt

    def spans(self) -> Iterator[Span]:
        """(descriptor, offset, length) of checked bytes."""
        if self._start < self._stop:
            self._checked()
            at = self._body.offset + self._start
            yield self._descriptor, at, self._stop - self._start

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, a piece at a time."""
        if self._start < self._stop:
            data = self._checked()
            for at in range(self._start, self._stop, PIECE_BYTES):
                yield data[at : min(at + PIECE_BYTES, self._stop)]

    def _checked(self) -> bytes:
        data = self._disk.pread(self._descriptor, self._size, self._body.offset)
        if len(data) != self._size or crc32c(data) != self._body.crc:
            error = Corrupt(f"bad body in log segment {self._body.record.segment}")
            self._on_corrupt(error)
            raise error
        return data

    def close(self) -> None:
        """Release the descriptor."""
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        # A reply that was cut off before its span has nobody else to close.
        self.close()
