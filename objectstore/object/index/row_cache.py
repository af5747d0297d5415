"""Rows of the index that were asked for of late; that there is none, too."""

from __future__ import annotations

from collections import OrderedDict

from objectstore.object.records.state import Held

# About 2 KiB each in memory: 16 MiB a store.
ROWS_MAX = 8192
# A full cache lets one in so many go at once.  One out for each one in would hide the
# young from Python's collector, which counts births less deaths: it came seldom then,
# and took 20 to 60 ms for all the rows that it found.
_ONE_DROPPED_IN = 8


class RowCache(OrderedDict[bytes, Held | None]):
    """By key; the oldest first.  None: there is no such row."""

    def __init__(self, rows_max: int) -> None:
        super().__init__()
        self._rows_max = rows_max

    def keep(self, key: bytes, row: Held | None) -> None:
        """Know this one, until others take its place."""
        self[key] = row
        if len(self) > self._rows_max:
            for _ in range(1 + self._rows_max // _ONE_DROPPED_IN):
                self.popitem(last=False)
