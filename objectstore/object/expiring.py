"""When objects expire: (second, key) pairs in a table of the index.

Follows the rows: whoever replaces a row tells ``change``, so a replay of the log
restores it like everything else.  Finding what is due is then a range of the table,
however many objects there are; nobody walks them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from objectstore.object.state import Held

_PUT = "INSERT OR REPLACE INTO expiring (delete_at, key) VALUES (?, ?)"
_DROP = "DELETE FROM expiring WHERE delete_at = ? AND key = ?"
_DUE = """SELECT delete_at, key FROM expiring
    WHERE (delete_at, key) > (?, ?) AND delete_at <= ?
    ORDER BY delete_at, key LIMIT ?"""
_COUNT = "SELECT count(*) FROM expiring WHERE delete_at <= ?"


class Due(NamedTuple):
    """An object whose time is over; ordered by when that was."""

    delete_at: int
    key: bytes


# Before every other one.
FIRST = Due(0, b"")


class Expiring:
    """What changed in the table since the last flush."""

    def __init__(self) -> None:
        # True: is to be there.
        self._changed: dict[Due, bool] = {}

    @property
    def is_flushed(self) -> bool:
        """Whether the table says it all."""
        return not self._changed

    def change(self, key: bytes, old: Held | None, new: Held | None) -> None:
        """The row of ``key`` was ``old`` and is ``new``."""
        before, after = _delete_at(old), _delete_at(new)
        if before == after:
            return
        if before:
            self._changed[Due(before, key)] = False
        if after:
            self._changed[Due(after, key)] = True

    def write(self, connection: sqlite3.Connection) -> None:
        """Write what changed; ``written`` when that is committed."""
        changed = self._changed.items()
        connection.executemany(_PUT, [due for due, is_there in changed if is_there])
        connection.executemany(
            _DROP, [due for due, is_there in changed if not is_there]
        )

    def written(self) -> None:
        """The last ``write`` was committed."""
        self._changed.clear()


def due_before(
    connection: sqlite3.Connection, after: Due, now: int, limit: int
) -> Sequence[Due]:
    """Up to ``limit`` that are due at ``now``, behind ``after``, earliest first."""
    return [Due(*row) for row in connection.execute(_DUE, (*after, now, limit))]


def count_before(connection: sqlite3.Connection, now: int) -> int:
    """How many are due."""
    count: int = connection.execute(_COUNT, (now,)).fetchone()[0]
    return count


def _delete_at(held: Held | None) -> int:
    if held is None or held.state is None or not held.state.exists:
        return 0
    return held.state.delete_at
