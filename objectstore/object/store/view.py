"""Applying the log's records to the index: the same steps live and in a replay."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.journal import Position
from objectstore.object.index.index import Index
from objectstore.object.records.record import NEVER
from objectstore.object.records.state import (
    Body,
    Coming,
    Held,
    Place,
    applied,
    forgotten,
)


def _nothing(key: bytes, held: Held) -> None:
    pass


class View:
    """The index as the log makes it.

    ``retired`` is told of a row whose body file is no longer needed, ``mixed`` of a
    row whose state is in no single record.  A replay leaves both as they are.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        # During a replay: the segments that are there.
        self.segments: frozenset[int] | None = None
        self.retired: Callable[[bytes, Held], None] = _nothing
        self.mixed: Callable[[bytes, Held], None] = _nothing

    def change(
        self,
        key: bytes,
        coming: Coming,
        place: Place,
        body: Body | None,
        row_owed: bool,
        since: tuple[int, int],
    ) -> None:
        """A record with a state, at ``place``."""
        index = self.index
        held = self._held(key)
        row, is_mixed = applied(key, held, coming, place, body, since)
        index.set(key, held, row)
        if row_owed:
            newest = coming.state.newest
            index.owed.put(key, (newest, place.segment, place.offset))
        self.advance(place)
        if held is not None and held.body is not None and held.body.serial:
            self._retire(key, held, row)
        if body is not None and index.quarantined.items and row.body is body:
            index.quarantined.drop(key)
        if is_mixed:
            self.mixed(key, row)

    def _held(self, key: bytes) -> Held | None:
        held = self.index.get(key)
        if held is None or self.segments is None or not self.is_void(held):
            return held
        self.index.set(key, held, None)
        return None

    def is_void(self, held: Held) -> bool:
        """Whether a row that holds no data outlived its record: compaction removed
        the segment, and a crash came before the row could follow."""
        if held.state is not None and held.state.exists:
            return False
        return self.segments is not None and held.place.segment not in self.segments

    def since(self, held: Held | None) -> tuple[int, int]:
        """From which place on the records of a key count, for the next one."""
        if held is None:
            return NEVER
        return held.since if held.state is not None else self.index.applied

    def _retire(self, key: bytes, held: Held, row: Held) -> None:
        assert held.body is not None and held.state is not None
        if row.body is not None and row.state is not None:
            kept = (row.state.timestamp, row.body.serial)
            if kept == (held.state.timestamp, held.body.serial):
                return  # the same file, under another record
        self.retired(key, held)

    def forget(self, key: bytes, known: tuple[int, int], place: Place) -> bool:
        """A record that drops what records before ``known`` told of the key, unless
        there is something later; whether it did, or renewed the marker."""
        index = self.index
        held = self._held(key)
        self.advance(place)
        if held is None or not held.is_before(known):
            return False
        index.set(key, held, forgotten(held, place))
        index.owed.drop(key)
        if held.body is not None and held.body.serial:
            self.retired(key, held)
        return True

    def owed_exactly(
        self, known: tuple[int, int], rows: dict[bytes, int], place: Place
    ) -> None:
        """A record that says which rows of records before ``known`` are owed."""
        owed = self.index.owed
        for key, (_, segment, offset) in list(owed.items.items()):
            if (segment, offset) < known and key not in rows:
                owed.drop(key)
        self.advance(place)

    def advance(self, place: Place) -> None:
        """Everything up to the end of this record is applied."""
        self.index.applied = Position(place.segment, place.offset + place.length)
