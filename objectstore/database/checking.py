"""Checking one database file: SQLite's structure, and every row against the totals.

The totals contain a digest over all rows, so a bit that flipped in any row makes
them disagree.  Works on a connection of its own, inside one read transaction, while
the database is in use; a part at a time, since rows are hashed under the
interpreter's lock.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

import msgpack

from objectstore.database import sqlite_file
from objectstore.database.row_kinds import DIGEST_BYTES, RowKind
from objectstore.database.rows import Totals
from objectstore.kernel.errors import Corrupt

# Some 5 ms.
ROWS_PER_PART = 2000

_TOTALS = "SELECT live_rows, objects, bytes_used, digest FROM facts"


class DatabaseCheck:
    """One check.  Its methods block; they raise ``Corrupt`` with what is wrong, or
    ``Unavailable`` when the file cannot be read just now."""

    def __init__(self, path: str, kind: RowKind) -> None:
        self._path = path
        self._kind = kind
        self._connection: sqlite3.Connection | None = None
        self._told: Totals | None = None
        self._counted = Totals()
        self._rows: sqlite3.Cursor | None = None

    def begin(self) -> None:
        """Open the file, look at its structure."""
        try:
            connection = self._connection = sqlite_file.connect(self._path)
            connection.execute("BEGIN")
            (text,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if text != "ok":
                raise Corrupt(f"{self._path}: {text}")
            row = connection.execute(_TOTALS).fetchone()
            if row is not None:
                digest = int.from_bytes(row[3], "big")
                self._told = Totals(row[0], row[1], row[2], digest)
            columns = ", ".join(self._kind.columns)
            self._rows = connection.execute(f"SELECT {columns} FROM {self._kind.name}")
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self._path) from error

    def go_on(self) -> bool:
        """Look at the next rows; False at the end."""
        assert self._rows is not None, "not begun"
        try:
            rows = self._rows.fetchmany(ROWS_PER_PART)
            for row in rows:
                self._count(row)
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self._path) from error
        except (TypeError, ValueError) as error:
            # Text that is no UTF-8 any more, text where a number should be.
            raise Corrupt(f"{self._path}: a row cannot be read: {error}") from error
        if len(rows) == ROWS_PER_PART:
            return True
        # Without facts it has not been begun: its rows are still in memory.
        if self._told is not None and self._told != self._counted:
            raise Corrupt(f"{self._path}: the rows do not add up to the totals")
        return False

    def _count(self, columns: tuple[object, ...]) -> None:
        row = self._kind.make(columns)
        weight, totals = self._kind.weight(row), self._counted
        # Not ``row_digest``: its packer belongs to the hub's thread.
        digest = blake2b(msgpack.packb(row), digest_size=DIGEST_BYTES).digest()
        self._counted = Totals(
            totals.rows + weight[0],
            totals.objects + weight[1],
            totals.used + weight[2],
            totals.digest ^ int.from_bytes(digest, "big"),
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
