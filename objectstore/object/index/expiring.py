"""When objects expire: (second, key) pairs in a table of the index.

Follows the rows: whoever replaces a row tells ``change``, so a replay of the log
restores it like everything else.  Finding what is due is then a range of the table,
however many objects there are; nobody walks them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from objectstore.object.records.state import Held

_PUT = "INSERT OR REPLACE INTO expiring (delete_at, key) VALUES (?, ?)"
_DROP = "DELETE FROM expiring WHERE delete_at = ? AND key = ?"
_DUE = """SELECT delete_at, key FROM expiring
    WHERE (delete_at, key) > (?, ?) AND delete_at <= ?
    ORDER BY delete_at, key LIMIT ?"""
_COUNT = "SELECT count(*) FROM expiring WHERE delete_at <= ?"
_IS_THERE = "SELECT 1 FROM expiring WHERE delete_at = ? AND key = ?"


class Due(NamedTuple):
    """An object whose time is over; ordered by when that was."""

    delete_at: int
    key: bytes


# Before every other one.
FIRST = Due(0, b"")


class Expiring:
    """What changed in the table and is not committed yet."""

    def __init__(self) -> None:
        # True: is to be there.
        self._changed: dict[Due, bool] = {}
        self._frozen: dict[Due, bool] = {}  # those that are being written

    def change(self, key: bytes, old: Held | None, new: Held | None) -> None:
        """The row of ``key`` was ``old`` and is ``new``."""
        before = _delete_at(old) if old is not None else 0
        after = _delete_at(new) if new is not None else 0
        if before == after:
            return
        if before:
            self._changed[Due(before, key)] = False
        if after:
            self._changed[Due(after, key)] = True

    def freeze(self) -> Mapping[Due, bool]:
        """What changed, as it is now: to be written, then to be ``settled``."""
        self._frozen, self._changed = self._changed, {}
        return self._frozen

    def settled(self, *, is_written: bool) -> None:
        """What was frozen was committed, or has to be written again."""
        if not is_written:
            self._changed = self._frozen | self._changed
        self._frozen = {}

    def due(
        self, connection: sqlite3.Connection, after: Due, now: int, limit: int
    ) -> Sequence[Due]:
        """Up to ``limit`` that are due at ``now``, behind ``after``, earliest first."""
        changed = self._frozen | self._changed
        # So many more that enough are left, whatever the changes take away.
        found = set(_due_before(connection, after, now, limit + len(changed)))
        for due, is_there in changed.items():
            if not is_there:
                found.discard(due)
            elif after < due and due.delete_at <= now:
                found.add(due)
        return sorted(found)[:limit]

    def count(self, connection: sqlite3.Connection, now: int) -> int:
        """How many objects are due to go."""
        count: int = connection.execute(_COUNT, (now,)).fetchone()[0]
        for due, is_there in (self._frozen | self._changed).items():
            if due.delete_at <= now:
                was_there = connection.execute(_IS_THERE, due).fetchone() is not None
                count += is_there - was_there
        return count


def write_changes(connection: sqlite3.Connection, changes: Mapping[Due, bool]) -> None:
    """Bring what was frozen into the table; any thread."""
    there = [due for due, is_there in changes.items() if is_there]
    connection.executemany(_PUT, there)
    gone = [due for due, is_there in changes.items() if not is_there]
    connection.executemany(_DROP, gone)


def _due_before(
    connection: sqlite3.Connection, after: Due, now: int, limit: int
) -> list[Due]:
    return [Due(*row) for row in connection.execute(_DUE, (*after, now, limit))]


def _delete_at(held: Held) -> int:
    state = held.state
    # Hardly any object expires.
    if state is None or not state.delete_at or not state.exists:
        return 0
    return state.delete_at
