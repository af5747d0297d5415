"""The SQL of rows: reading ranges of them, and folding changes in.

One table, ordered by (gone, name): live rows lie together, so a listing is a
walk along them that never meets a tombstone, and a seek when it skips.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from objectstore.database.names import NameRange
from objectstore.database.row_kinds import RowKind, row_digest
from objectstore.database.shown_sql import aggregates
from objectstore.wire.listing_forms import Form

# Names looked up by one statement.  Few different sizes, so that few statements
# are prepared; a list is filled up by repeating its last name.
_LOOKUP_SIZES = (1, 4, 16, 64, 256)


class Totals(NamedTuple):
    """What all rows of a database add up to."""

    rows: int = 0  # live ones
    objects: int = 0
    used: int = 0
    digest: int = 0  # of live rows and tombstones


class ShownPage(NamedTuple):
    """Live rows as a listing shows them: ``database.shown_sql``."""

    body: bytes
    rows: int
    last: str  # the last row's name, if it was asked for; "" without rows


class RowTable:
    """The SQL for one kind of rows."""

    def __init__(self, kind: RowKind) -> None:
        self.kind = kind
        self._select = f"SELECT {', '.join(kind.columns)} FROM {kind.name}"
        places = ", ".join("?" * len(kind.inserted))
        self._insert = (
            f"INSERT OR REPLACE INTO {kind.name} ({', '.join(kind.inserted)}) "
            f"VALUES ({places})"
        )
        self._delete = f"DELETE FROM {kind.name} WHERE gone = ? AND name = ?"
        self._lookups = {
            size: f"{self._select} WHERE gone IN (0, 1) AND name IN "
            f"({', '.join('?' * size)})"
            for size in _LOOKUP_SIZES
        }
        self._newer = f"{self._select} WHERE {kind.newest} > ?"
        self._clear = f"DELETE FROM {kind.name}"
        self._aggregates = aggregates(kind.json, kind.fields)
        self._old = f"{self._select} WHERE gone = 1 AND name > ? ORDER BY name LIMIT ?"

    @property
    def schema(self) -> str:
        """SQL that creates the table."""
        return (
            f"CREATE TABLE {self.kind.name} (gone INTEGER NOT NULL, "
            f"name TEXT NOT NULL, {self.kind.definitions}, "
            "PRIMARY KEY (gone, name)) WITHOUT ROWID;"
        )

    def writes(self, form: Form) -> bool:
        """Whether there are pages of that form."""
        return form in self._aggregates

    def live(
        self,
        connection: sqlite3.Connection,
        names: NameRange,
        limit: int,
        reverse: bool,
    ) -> Iterator[Any]:
        """Live rows of the range, in order.

        Lazy: the statement is open until the iterator ends or is dropped.
        """
        where, values = _condition(names)
        order = "DESC" if reverse else "ASC"
        cursor = connection.execute(
            f"{self._select} WHERE gone = 0 AND {where} ORDER BY name {order} LIMIT ?",
            (*values, limit),
        )
        return map(self.kind.make, cursor)

    def shown(
        self,
        connection: sqlite3.Connection,
        names: NameRange,
        limit: int,
        reverse: bool,
        form: Form,
        *,
        with_last: bool,
    ) -> ShownPage:
        """Live rows of the range, in order, as text.

        SQLite does it all in one step, without the interpreter's lock.  The last
        name takes a tenth of the time.
        """
        where, values = _condition(names)
        order, last = ("DESC", "min(name)") if reverse else ("ASC", "max(name)")
        # The limit keeps the inner query, and so its order, as it is.
        found = connection.execute(
            f"SELECT {self._aggregates[form]}, count(*), "
            f"{last if with_last else 'NULL'} FROM "
            f"(SELECT * FROM {self.kind.name} WHERE gone = 0 AND {where} "
            f"ORDER BY name {order} LIMIT ?)",
            (*values, limit),
        )
        body, rows, name = found.fetchone()
        return ShownPage(body or b"", rows, name or "")

    def raw(
        self,
        connection: sqlite3.Connection,
        names: NameRange,
        limit: int,
        reverse: bool,
    ) -> list[Any]:
        """Rows of the range with tombstones, in order."""
        where, values = _condition(names)
        order = "DESC" if reverse else "ASC"
        # Two walks along the key that SQLite merges; no sorting.
        cursor = connection.execute(
            f"{self._select} WHERE gone = 0 AND {where} UNION ALL "
            f"{self._select} WHERE gone = 1 AND {where} ORDER BY name {order} LIMIT ?",
            (*values, *values, limit),
        )
        return list(map(self.kind.make, cursor))

    def lookup(
        self, connection: sqlite3.Connection, names: Sequence[str]
    ) -> dict[str, Any]:
        """The rows of these names that there are."""
        held: dict[str, Any] = {}
        largest = _LOOKUP_SIZES[-1]
        for first in range(0, len(names), largest):
            part = names[first : first + largest]
            size = next(size for size in _LOOKUP_SIZES if size >= len(part))
            filled = [*part, *[part[-1]] * (size - len(part))]
            cursor = connection.execute(self._lookups[size], filled)
            held.update((row[0], row) for row in map(self.kind.make, cursor))
        return held

    def fold(
        self,
        connection: sqlite3.Connection,
        pending: Mapping[str, Any],
        totals: Totals,
    ) -> Totals:
        """Merge normal rows in; the new totals.  Inside a transaction."""
        kind = self.kind
        merge, weigh = kind.merge, kind.weight
        names = sorted(pending)  # neighbours in the tree together
        held = self.lookup(connection, names)
        changed: list[Any] = []
        moved: list[tuple[int, str]] = []
        rows, objects, used, digest = totals
        for name in names:
            row = pending[name]
            old = held.get(name)
            was = 0
            if old is not None:
                row = merge(old, row)
                if row == old:
                    continue
                was, old_objects, old_used = weigh(old)
                rows -= was
                objects -= old_objects
                used -= old_used
                digest ^= row_digest(old)
            counts, new_objects, new_used = weigh(row)
            rows += counts
            objects += new_objects
            used += new_used
            digest ^= row_digest(row)
            changed.append(row)
            if old is not None and was != counts:
                moved.append((1 - was, name))
        if moved:
            connection.executemany(self._delete, moved)
        connection.executemany(self._insert, map(kind.stored, changed))
        return Totals(rows, objects, used, digest)

    def keep_newer(self, connection: sqlite3.Connection, timestamp: int) -> Totals:
        """Drop the rows that a deletion at ``timestamp`` ended; the totals of
        the others, of which there are hardly ever any."""
        kind = self.kind
        cursor = connection.execute(self._newer, (timestamp,))
        kept = {row[0]: row for row in map(kind.make, cursor)}
        connection.execute(self._clear)
        return self.fold(connection, kept, Totals())

    def tombstones(
        self, connection: sqlite3.Connection, after_name: str, limit: int
    ) -> list[Any]:
        """The next tombstones after that name, in order."""
        cursor = connection.execute(self._old, (after_name, limit))
        return list(map(self.kind.make, cursor))

    def drop_tombstones(
        self, connection: sqlite3.Connection, rows: Sequence[Any], totals: Totals
    ) -> Totals:
        """Drop these; the new totals.  Inside a transaction."""
        connection.executemany(self._delete, [(1, row[0]) for row in rows])
        digest = totals.digest
        for row in rows:
            digest ^= row_digest(row)
        return totals._replace(digest=digest)


def _condition(names: NameRange) -> tuple[str, tuple[str, ...]]:
    low = "name >= ?" if names.low_included else "name > ?"
    if names.high is None:
        return low, (names.low,)
    return f"{low} AND name < ?", (names.low, names.high)
