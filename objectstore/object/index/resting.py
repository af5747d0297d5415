"""Which rows of the index rest on a segment: asked of SQLite, on native threads.

A row rests on the records that it needs (``Held.places``).  New ones come with new
records, at the end of the log, so once SQLite has all records of a segment that takes
no more, it never has too few of the rows that rest there: what is in memory only can
but need less.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from typing import NamedTuple

from objectstore.kernel.errors import Unavailable
from objectstore.object.index.damage import IndexDamage
from objectstore.object.index.database import DatabaseOpener
from objectstore.object.records.row import (
    BODY_SEGMENT_AT,
    STATE_SEGMENT_AT,
    decode_offsets,
)

# Looked up by one statement: a thread lets go of the interpreter for each statement,
# and queues for it afterwards.  There is one form of it: fewer keys are filled up.
KEYS_MAX = 128
# Neighbours in the table are asked for one after the other: little is used again.
CACHE_KIB = 512

# From SQL's first byte, which is number 1.
_STATE = f"substr(row, {STATE_SEGMENT_AT + 1}, 4) = ?1"
_BODY = f"substr(row, {BODY_SEGMENT_AT + 1}, 4) = ?1"
_PLACES = (
    f"substr(row, {STATE_SEGMENT_AT + 1}, {BODY_SEGMENT_AT - STATE_SEGMENT_AT + 12})"
)
_KEYS = ",".join(f"?{number + 2}" for number in range(KEYS_MAX))
_AMONG = f"""SELECT key, {_PLACES} FROM objects
    WHERE key IN ({_KEYS}) AND ({_STATE} OR {_BODY})"""
_ALL = f"SELECT key FROM objects WHERE {_STATE} OR {_BODY}"


class Rest(NamedTuple):
    """Where in a segment the records are that a row needs; 0: not in this one."""

    state_offset: int
    body_offset: int


class Resting:
    """See the module.  One per index; any thread, one at a time."""

    def __init__(self, path: str, opener: DatabaseOpener, damage: IndexDamage) -> None:
        self._path = path
        self._opener = opener
        self._damage = damage
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        # Whoever closes waits: a connection that outlives the others would take the
        # files along that a new index has by then.
        self._lock = threading.Lock()

    def among(self, segment: int, keys: Sequence[bytes]) -> dict[bytes, Rest]:
        """Those of up to KEYS_MAX keys whose rows rest on the segment, and where."""
        assert 0 < len(keys) <= KEYS_MAX
        filler = [keys[0]] * (KEYS_MAX - len(keys))
        number = segment.to_bytes(4, "big")
        with self._lock, self._damage:
            rows = self._open().execute(_AMONG, (number, *keys, *filler)).fetchall()
        return {key: Rest(*decode_offsets(places, segment)) for key, places in rows}

    def all(self, segment: int) -> list[bytes]:
        """All keys whose rows rest on the segment: reads the whole table."""
        with self._lock, self._damage:
            rows = self._open().execute(_ALL, (segment.to_bytes(4, "big"),)).fetchall()
        return [key for (key,) in rows]

    def close(self) -> None:
        """Before the index's other connections."""
        with self._lock:
            self._is_closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise Unavailable("the index is closed")
        if self._connection is None:
            self._connection = self._opener(self._path)
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return self._connection
