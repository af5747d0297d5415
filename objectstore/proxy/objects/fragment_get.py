"""The bytes of an object that is kept in fragments.

The data fragments are read side by side, and sent as they have come; where one of them
cannot be had, the segment is decoded from what takes its place.  When too many readers
stall (``reader_memory``), those after them read a little at a time.  The first bytes
are there before the reply begins, so that its head can still say 503.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from objectstore.erasure.candidates import at_home, elsewhere
from objectstore.erasure.codes import codec
from objectstore.erasure.feed import Piece, joined
from objectstore.erasure.reader_memory import Share, needed_bytes, reader_memory
from objectstore.erasure.slices import Slices
from objectstore.erasure.stripes import Stripes
from objectstore.kernel.concurrency import offload
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.wire.layouts import HEADER_BYTES, Layout

# Decoding less than this costs less than asking a native thread to do it.
OFFLOAD_BYTES_MIN = 128 * 1024


class _Source:
    """Where the fragments are."""

    def __init__(
        self, parts: Parts, target: ObjectTarget, layout: Layout, timestamp: int
    ) -> None:
        self.layout = layout
        self._key = target.key
        self._timestamp = timestamp
        self._group = parts.placement.fragments(target.key, target.policy)
        self._rounds = parts.rounds

    def stripes(self, first: int, stop: int) -> Stripes:
        """Segments [first, stop)."""
        group, rounds = self._group, self._rounds
        return Stripes(
            self.layout,
            self._key,
            self._timestamp,
            (first, stop),
            at_home(group.primaries, rounds.is_suspect),
            lambda: elsewhere(group.primaries, group.handoffs),
            rounds,
        )

    def slices(self) -> Slices:
        """A little at a time."""
        return Slices(
            self.layout,
            self._key,
            self._timestamp,
            self._group.primaries,
            self.stripes,
            self._rounds,
        )


class FragmentBody:
    """Bytes [start, stop) as ``wire.nodes.Spans``; ``close`` when not read whole."""

    def __init__(self, source: _Source, start: int, stop: int) -> None:
        """Waits for the first bytes; raises ``Unavailable``."""
        self._source = source
        self._layout = layout = source.layout
        self._codec = codec(layout.code, layout.data, layout.parity)
        self._start, self._stop = start, stop
        self._rest = self._read()
        self._first = next(self._rest, None)

    def spans(self) -> Iterator[memoryview]:
        """The bytes as they lie in memory."""
        for views in self._all():
            yield from views

    def __iter__(self) -> Iterator[bytes]:
        for views in self._all():
            yield b"".join(views)

    def _all(self) -> Iterator[Piece]:
        first, self._first = self._first, None
        if first is not None:
            yield first
        del first
        yield from self._rest

    def _read(self) -> Generator[Piece]:
        """The bytes of one segment after the other, or less where memory is out."""
        layout = self._layout
        first, stop = layout.segments_of(self._start, self._stop)
        stripes: Stripes | None = None
        share: Share | None = None
        slices: Slices | None = None
        try:
            for number in range(first, stop):
                offset = number * layout.segment
                begin = max(self._start - offset, 0)
                end = min(self._stop - offset, layout.segment_length(number))
                if share is None:
                    share = reader_memory.take(needed_bytes(layout, number, stop))
                    if share is not None:
                        stripes = self._source.stripes(number, stop)
                if stripes is not None:
                    yield list(_cut(self._segment(stripes, number), begin, end))
                    continue
                slices = slices or self._source.slices()
                for data in slices.read(number, begin, end):
                    yield [memoryview(data)]
        finally:
            if stripes is not None:
                stripes.close()
            if share is not None:
                share.give_back()

    def _segment(self, stripes: Stripes, number: int) -> Iterable[memoryview]:
        pieces = stripes.pieces(number)
        layout, length = self._layout, self._layout.segment_length(number)
        ordered = [pieces[index] for index in sorted(pieces)]
        if max(pieces) < layout.data:
            wanted = HEADER_BYTES, layout.piece_length(number)
            return [view for piece in ordered for view in _cut(piece, *wanted)]
        whole, decode = [joined(piece) for piece in ordered], self._codec.decode
        is_small = length < OFFLOAD_BYTES_MIN
        data = decode(whole, length) if is_small else offload(decode, whole, length)
        return [memoryview(data)]

    def close(self) -> None:
        """Release what the fragments' nodes hold."""
        self._first = None
        self._rest.close()


def _cut(views: Iterable[memoryview], start: int, stop: int) -> Iterator[memoryview]:
    """Bytes [start, stop) of all of them."""
    for view in views:
        part = view[max(start, 0) : max(stop, 0)]
        if part:
            yield part
        start -= len(view)
        stop -= len(view)


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
    return FragmentBody(_Source(parts, target, layout, timestamp), *piece)
