"""The bytes of an object that is kept in fragments.

The data fragments are read side by side, and joined; where one of them cannot be had,
the segment is decoded from what takes its place.  The first segment is there before the
reply begins, so that its head can still say 503.
"""

from __future__ import annotations

from collections.abc import Iterator

from objectstore.erasure.candidates import at_home, elsewhere
from objectstore.erasure.codes import codec
from objectstore.erasure.stripes import Stripes
from objectstore.kernel.concurrency import offload
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.wire.layouts import Layout

# Decoding less than this costs less than asking a native thread to do it.
OFFLOAD_BYTES_MIN = 128 * 1024


class FragmentBody:
    """Bytes [start, stop) as an iterable; ``close`` when not read whole."""

    def __init__(self, stripes: Stripes, layout: Layout, start: int, stop: int) -> None:
        """Waits for the first segment; raises ``Unavailable``."""
        self._stripes = stripes
        self._layout = layout
        self._codec = codec(layout.code, layout.data, layout.parity)
        self._start, self._stop = start, stop
        self._segments = range(*layout.segments_of(start, stop))
        try:
            self._first = self._segment(self._segments[0]) if self._segments else b""
        except BaseException:
            stripes.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        try:
            for number in self._segments:
                data, self._first = self._first or self._segment(number), b""
                offset = number * self._layout.segment
                if offset >= self._start and offset + len(data) <= self._stop:
                    yield data
                else:
                    yield data[max(self._start - offset, 0) : self._stop - offset]
        finally:
            self.close()

    def _segment(self, number: int) -> bytes:
        pieces = self._stripes.pieces(number)
        layout, length = self._layout, self._layout.segment_length(number)
        ordered = [pieces[index] for index in sorted(pieces)]
        if max(pieces) < layout.data:
            return self._codec.join(ordered, length)
        if length < OFFLOAD_BYTES_MIN:
            return self._codec.decode(ordered, length)
        return offload(self._codec.decode, ordered, length)

    def close(self) -> None:
        """Release what the fragments' nodes hold."""
        self._stripes.close()


def read_fragments(
    parts: Parts,
    target: ObjectTarget,
    layout: Layout,
    timestamp: int,
    piece: tuple[int, int],
) -> FragmentBody:
    """Open bytes [start, stop) of the object written at ``timestamp``.

    Raises ``Unavailable`` when too few fragments can be had.
    """
    start, stop = piece
    group, rounds = parts.placement.fragments(target.key, target.policy), parts.rounds
    stripes = Stripes(
        layout,
        target.key,
        timestamp,
        layout.segments_of(start, stop),
        at_home(group.primaries, rounds.is_suspect),
        lambda: elsewhere(group.primaries, group.handoffs),
        rounds,
    )
    return FragmentBody(stripes, layout, start, stop)
