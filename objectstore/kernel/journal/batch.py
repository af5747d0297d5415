"""Records that become durable together, and who waits until some of them are."""

from __future__ import annotations

from objectstore.kernel.concurrency import Event
from objectstore.kernel.journal.current import CurrentSegment
from objectstore.kernel.journal.entry import Entry


class Batch:
    """Records on their way to the end of a segment, in one write and one sync."""

    __slots__ = ("begun", "cut", "entries", "segment")

    def __init__(
        self, segment: CurrentSegment, waiting: list[Entry], limit: int
    ) -> None:
        """Of those that wait, from the first on, as many as fit."""
        self.segment = segment
        self.cut = segment.cut(waiting, limit)
        self.entries = waiting[: len(self.cut.offsets)]
        self.begun = 0.0


class Fates:
    """How many records know their fate; records are counted in the order of their
    submission, in which they are told."""

    def __init__(self) -> None:
        self._told = 0
        self._awaited: list[tuple[int, Event]] = []

    def await_told(self, count: int) -> None:
        """Wait until so many, since the start, have been told."""
        if self._told < count:
            event = Event()
            self._awaited.append((count, event))
            event.wait()

    def told(self, count: int) -> None:
        """So many more have been."""
        self._told += count
        while self._awaited and self._awaited[0][0] <= self._told:
            self._awaited.pop(0)[1].set()
