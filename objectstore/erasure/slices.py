"""An object in fragments read a little at a time, by who has no memory for more.

The codes are systematic, so bytes of the object lie in one fragment: they are read from
it alone.  Where that cannot be had, the segment is decoded for each slice of it that is
lost; a few do so at once, and none of them waits for a client meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from objectstore.erasure.codes import codec
from objectstore.erasure.feed import close, joined
from objectstore.erasure.stripes import Patience, Stripes
from objectstore.kernel.concurrency import Semaphore, offload
from objectstore.kernel.errors import (
    Corrupt,
    DeadlineExceeded,
    Rejected,
    Unavailable,
)
from objectstore.wire.layouts import HEADER_BYTES, Layout, fragment_key
from objectstore.wire.nodes import ObjectNode

# What a client that stalls holds then.
SLICE_BYTES = 128 * 1024
# Segments decoded at once, of all such readers: tens of megabytes.
DECODED_AT_ONCE = 4

_decoders = Semaphore(DECODED_AT_ONCE)


class Slices:
    """Of one object; ``read`` its segments in order."""

    def __init__(
        self,
        layout: Layout,
        key: bytes,
        timestamp: int,
        primaries: Sequence[ObjectNode],
        stripes: Callable[[int, int], Stripes],
        patience: Patience,
    ) -> None:
        """``stripes``: those of segments [first, stop), for what has to be decoded."""
        self._layout = layout
        self._key = key
        self._timestamp = timestamp
        self._primaries = primaries
        self._stripes = stripes
        self._patience = patience
        self._lost: set[int] = set()  # indexes

    def read(self, segment: int, start: int, stop: int) -> Iterator[bytes]:
        """Its bytes [start, stop).  Raises as ``Stripes.pieces``."""
        length = self._layout.piece_length(segment) - HEADER_BYTES
        while start < stop:
            index, offset = divmod(start, length)
            size = min(stop - start, length - offset, SLICE_BYTES)
            found = self._direct(segment, index, offset, size)
            yield found or self._decoded(segment, start, size)
            start += size

    def _direct(self, segment: int, index: int, offset: int, size: int) -> bytes | None:
        """From the fragment that has them; None: it cannot be had."""
        if index in self._lost:
            return None
        node = self._primaries[index]
        first, _ = self._layout.fragment_range(segment, segment + 1)
        at = first + HEADER_BYTES + offset
        key = fragment_key(self._key, self._layout.token, index)
        promise = node.read(key, self._timestamp, at, at + size)
        body: Iterable[bytes] = ()
        try:
            body = promise.wait(self._patience.read_patience_seconds)
            data = b"".join(body)
            if len(data) == size:
                return data
        except DeadlineExceeded:
            self._patience.suspect(node)
            promise.when_done(lambda late: close(late.value))
        except (Unavailable, Corrupt, Rejected):
            pass
        finally:
            close(body)
        self._lost.add(index)
        return None

    def _decoded(self, segment: int, start: int, size: int) -> bytes:
        layout = self._layout
        decode = codec(layout.code, layout.data, layout.parity).decode
        with _decoders:
            stripes = self._stripes(segment, segment + 1)
            try:
                pieces = [joined(piece) for piece in stripes.pieces(segment).values()]
            finally:
                stripes.close()
            data = offload(decode, pieces, layout.segment_length(segment))
            return data[start : start + size]
