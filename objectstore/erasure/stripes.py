"""The fragments of one object, as many as are needed side by side, segment by segment.

Each that is missing, damaged or late is replaced by the next candidate, from the
segment on at which it fell out.  One that was only late, or had brought something, may
be asked again later: in the hours of a long read each of them will falter once.  A node
that let the reader wait in vain is told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from objectstore.erasure.feed import Feed, Piece
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Event
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.wire.layouts import Layout
from objectstore.wire.nodes import ObjectNode

Candidate = tuple[int, ObjectNode]
"""An index, and a node that may have the fragment of that index."""


class Patience(Protocol):
    """How long to wait, and whom to tell of who was waited for in vain."""

    @property
    def clock(self) -> Clock:
        """What time is measured by."""

    @property
    def node_seconds(self) -> float:
        """For a segment, and for a node's first answer."""

    @property
    def read_patience_seconds(self) -> float:
        """After which somebody else is asked too."""

    def suspect(self, node: object) -> None:
        """The node let somebody wait in vain."""


class Stripes:
    """``pieces`` of one segment after the other; ``close`` at the end."""

    def __init__(
        self,
        layout: Layout,
        key: bytes,
        timestamp: int,
        span: tuple[int, int],
        first: Sequence[Candidate],
        more: Callable[[], Sequence[Candidate]],
        patience: Patience,
    ) -> None:
        """``span``: segments [first, stop).  ``more``: candidates after the first
        ones, asked for when those are used up."""
        self._layout = layout
        self._key = key
        self._timestamp = timestamp
        self._stop = span[1]
        self._candidates = list(first)
        self._more: Callable[[], Sequence[Candidate]] | None = more
        self._patience = patience
        self._moved = Event()
        self._feeds: list[Feed] = []

    def pieces(self, segment: int) -> dict[int, Piece]:
        """``data`` pieces of that segment, by index.  ``Unavailable`` when they cannot
        be had.  To be called with one segment after the other."""
        clock, patience = self._patience.clock, self._patience.read_patience_seconds
        now = clock.monotonic()
        last, patient_until = now + self._patience.node_seconds, now + patience
        while True:
            self._moved.clear()
            ready = [feed for feed in self._feeds if feed.has(segment)]
            if len(ready) >= self._layout.data:
                return self._taken(ready)
            self._replace_lost(segment)
            if self._moved.is_set():
                continue  # one came, or failed, at once
            now = clock.monotonic()
            if now >= last:
                raise DeadlineExceeded("too few fragments come in time")
            if now >= patient_until:
                # Those that stand in are doubted in their turn.
                patient_until = now + patience if self._doubt(segment) else last
                continue
            self._moved.wait(min(patient_until, last) - now)

    def _taken(self, ready: list[Feed]) -> dict[int, Piece]:
        """The pieces of as many as are needed, data before parity; who is behind by now
        has been replaced."""
        ready.sort(key=lambda feed: feed.index)
        chosen = ready[: self._layout.data]
        for feed in self._feeds:
            if feed not in chosen:
                feed.end()
                self._put_back(feed)
        self._feeds = chosen
        for feed in chosen:
            feed.is_late = False
        return {feed.index: feed.take() for feed in chosen}

    def _replace_lost(self, segment: int) -> None:
        """As many feeds as are needed, those apart that are late."""
        for feed in self._feeds:
            if feed.error is not None and not feed.has(segment):
                self._put_back(feed)
        self._feeds = [
            feed for feed in self._feeds if feed.error is None or feed.has(segment)
        ]
        running = [feed for feed in self._feeds if not feed.is_late]
        missing = self._layout.data - len(running)
        for index, node in self._next(missing):
            span = segment, self._stop
            self._feeds.append(
                Feed(
                    index,
                    node,
                    self._key,
                    self._timestamp,
                    self._layout,
                    span,
                    self._moved,
                    self._patience.node_seconds,
                )
            )
        if len(self._feeds) < self._layout.data:
            raise Unavailable("too few fragments of the object can be had")

    def _next(self, count: int) -> Iterator[Candidate]:
        """Up to so many candidates, of indexes that nobody brings already."""
        while count > 0:
            brought = {feed.index for feed in self._feeds}
            place = next(
                (
                    place
                    for place, (index, _) in enumerate(self._candidates)
                    if index not in brought
                ),
                None,
            )
            if place is not None:
                count -= 1
                yield self._candidates.pop(place)
            elif self._more is not None:
                self._candidates += self._more()
                self._more = None
            else:
                return

    def _put_back(self, feed: Feed) -> None:
        """It may be asked again, after all others, unless it failed at once."""
        if feed.error is None or feed.has_brought:
            self._candidates.append((feed.index, feed.node))

    def _doubt(self, segment: int) -> bool:
        """Whoever is waited for gets a stand-in; the first to come are taken.  False:
        all that are waited for have one."""
        doubted = [
            feed for feed in self._feeds if not feed.has(segment) and not feed.is_late
        ]
        for feed in doubted:
            feed.is_late = True
            self._patience.suspect(feed.node)
        return bool(doubted)

    def close(self) -> None:
        """No more is wanted."""
        for feed in self._feeds:
            feed.end()
        self._feeds = []
