"""One fragment on its way to a reader: its pieces, a segment's at a time.

A greenlet of its own fetches them, one segment ahead of whoever takes them, so that
several fragments come side by side.  It ends by itself, never in the middle of a read:
a native thread may still be filling the memory of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objectstore.kernel.concurrency import Event, spawn
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.wire.layouts import Layout, fragment_key
from objectstore.wire.nodes import ObjectNode

Piece = list[memoryview]
"""A piece of a segment as it has come: its bytes in order, the header with them."""


def joined(piece: Piece) -> bytes:
    """The same in one."""
    return b"".join(piece)


class Feed:
    """The fragment ``index`` as one node has it, from segment ``first`` on."""

    def __init__(
        self,
        index: int,
        node: ObjectNode,
        key: bytes,
        timestamp: int,
        layout: Layout,
        span: tuple[int, int],
        moved: Event,
        seconds: float,
    ) -> None:
        """``span``: segments [first, stop).  ``moved`` is set whenever a piece has
        come, or none will any more.  ``seconds``: patience with the first answer."""
        self.index = index
        self.node = node
        self.error: RingstackError | None = None
        self.is_late = False
        self.has_brought = False
        self._key = fragment_key(key, layout.token, index)
        self._timestamp = timestamp
        self._layout = layout
        self._first, self._stop = span
        self._moved = moved
        self._seconds = seconds
        self._ready: tuple[int, Piece] | None = None
        self._taken = Event()
        self._is_ended = False
        spawn(self._run)

    def has(self, segment: int) -> bool:
        """Whether that segment's piece is here."""
        return self._ready is not None and self._ready[0] == segment

    def take(self) -> Piece:
        """The piece that is here; the next one may come."""
        assert self._ready is not None
        _, piece = self._ready
        self._ready = None
        self.has_brought = True
        self._taken.set()
        return piece

    def end(self) -> None:
        """No more of it is wanted."""
        self._is_ended = True
        self._ready = None
        self._taken.set()

    def _run(self) -> None:
        try:
            self._fetch()
        except RingstackError as error:
            self.error = error
        finally:
            if self.error is None:
                # Reached its end; who waits for more of it waits in vain.
                self.error = Unavailable("the fragment is at its end")
            self._moved.set()

    def _fetch(self) -> None:
        start, end = self._layout.fragment_range(self._first, self._stop)
        promise = self.node.read(self._key, self._timestamp, start, end)
        try:
            body = promise.wait(self._seconds)
        except RingstackError:
            promise.when_done(lambda late: close(late.value))
            raise
        try:
            pieces = self._pieces(body)
            for segment in range(self._first, self._stop):
                if self._is_ended or not self._offer(segment, next(pieces)):
                    return
        finally:
            close(body)

    def _offer(self, segment: int, piece: Piece) -> bool:
        """Hand it on; wait until it is taken, unless it is the last."""
        if self._is_ended:
            return False
        self._taken.clear()
        self._ready = segment, piece
        self._moved.set()
        if segment + 1 < self._stop:
            # The next one is fetched as soon as this one is taken: one is here, and
            # what the way holds is behind it.
            self._taken.wait()
        return True

    def _pieces(self, body: Iterable[bytes]) -> Iterator[Piece]:
        """What comes, cut into the pieces of segments."""
        segment = self._first
        wanted = self._layout.piece_length(segment)
        parts: Piece = []
        for come in body:
            view = memoryview(come)
            while view:
                part, view = view[:wanted], view[wanted:]
                parts.append(part)
                wanted -= len(part)
                if wanted == 0:
                    yield parts
                    parts = []
                    segment += 1
                    if segment < self._stop:
                        wanted = self._layout.piece_length(segment)
        raise Unavailable("a fragment ended early")


def close(body: object) -> None:
    """Release what a node's body holds."""
    release = getattr(body, "close", None)
    if release is not None:
        release()
