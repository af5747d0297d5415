"""What one flush brings into the index's tables: changes that will not change any more.

Made on the hub's thread in one go, so that its parts agree: the rows, the place in
the log up to which they are all, and what follows from them.  Written on a native
thread, in one transaction, while new changes gather elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from objectstore.object.index.expiring import Due, write_changes
from objectstore.object.index.kept import KeptChanges
from objectstore.object.records.row import encode_row
from objectstore.object.records.state import Held

FACT = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"
_DROP = "DELETE FROM objects WHERE key = ?"
# Rows put by one statement.  A thread lets go of the interpreter for each statement
# and queues for it afterwards, so they should be few; few different sizes, so that
# few are prepared: a shorter run is filled up by repeating its last row.
_RUN_ROWS = (1, 8, 64)
_PUT = "INSERT OR REPLACE INTO objects (key, row) VALUES "
_PUTS = {rows: _PUT + ",".join(["(?,?)"] * rows) for rows in _RUN_ROWS}


@dataclass(frozen=True, slots=True)
class Frozen:
    """See the module."""

    rows: Mapping[bytes, Held | None]
    kept: Sequence[KeptChanges[Any]]
    expiring: Mapping[Due, bool]
    facts: Mapping[str, bytes]

    def write(self, connection: sqlite3.Connection, rest: Callable[[], None]) -> None:
        """One transaction, with a ``rest`` after each run of rows.  Any thread;
        blocks."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(connection, rest)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite ends it itself when full
                connection.execute("ROLLBACK")
            raise

    def _write(self, connection: sqlite3.Connection, rest: Callable[[], None]) -> None:
        # In the order of the keys: neighbours in the tree together.
        rows = sorted(self.rows.items(), key=lambda row: row[0])
        for run in _runs([row for row in rows if row[1] is not None]):
            values = chain.from_iterable((key, encode_row(held)) for key, held in run)
            connection.execute(_PUTS[len(run)], tuple(values))
            rest()
        connection.executemany(_DROP, [(key,) for key, held in rows if held is None])
        for kept in self.kept:
            kept.write(connection)
        write_changes(connection, self.expiring)
        connection.executemany(FACT, self.facts.items())


def _runs(rows: list[Any]) -> Iterator[list[Any]]:
    """Cut into runs of ``_RUN_ROWS``."""
    largest = _RUN_ROWS[-1]
    for first in range(0, len(rows), largest):
        run = rows[first : first + largest]
        size = next(size for size in _RUN_ROWS if size >= len(run))
        yield run + [run[-1]] * (size - len(run))
