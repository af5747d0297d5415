"""Migrations where each change of a table is committed at once (MariaDB, MySQL): a
crash between two statements leaves half of a migration, and the next start goes on.

Each statement that writes is noted before it is done, by what it says and how often
that was said before, in a table of its own.  Changing a table commits the note, and all
that came before.  So a note that is found tells of rows that they were written, and
they are not written again; of a table that it may have been changed: that is done
again, and may find its work done.  What is applied is written, and the notes go, in one
transaction.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

NOTES = sa.Table(
    "ringstack_migration_steps",
    sa.MetaData(),
    sa.Column("room", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    mysql_engine="InnoDB",
)
# A table, a column, an index is there already; or what is to go is gone.
_DONE = frozenset({1050, 1060, 1061, 1051, 1091})
# What is applied is written by alembic, and never twice.
_ALEMBICS = "alembic_version"
_ROWS = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_TABLES = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME)\b", re.IGNORECASE)
_NOTHING = ("DO 0", ())


@contextmanager
def repeatable(connection: sa.Connection, room: str) -> Iterator[None]:
    """What is done on the connection goes on where a crash has left it; for one room at
    a time, inside the turn of who migrates."""
    NOTES.create(connection, checkfirst=True)
    known = sa.select(NOTES.c.digest).where(NOTES.c.room == room)
    steps = _Steps(room, set(connection.execute(known).scalars()))
    sa.event.listen(connection, "before_cursor_execute", steps, retval=True)
    try:
        yield
    finally:
        sa.event.remove(connection, "before_cursor_execute", steps)


def forget(connection: sa.Connection) -> None:
    """Everything is done: nothing stays of the notes, unless another room's wait."""
    if connection.execute(sa.select(NOTES.c.room).limit(1)).first() is None:
        NOTES.drop(connection)


class _Steps:
    """Looks at each statement before it is done, and may do another in its place."""

    def __init__(self, room: str, noted: set[str]) -> None:
        self._room = room
        self._noted = noted
        self._said: Counter[str] = Counter()

    def __call__(
        self,
        connection: sa.Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> tuple[str, Any]:
        """SQLAlchemy's ``before_cursor_execute``."""
        writes, changes = _ROWS.match(statement), _TABLES.match(statement)
        if _ALEMBICS in statement:
            if writes:
                self._begin_anew(cursor)
            return statement, parameters
        if not (writes or changes):
            return statement, parameters
        text = f"{statement}\n{parameters!r}"
        self._said[text] += 1
        told = f"{text}\n{self._said[text]}"
        digest = hashlib.sha256(told.encode()).hexdigest()
        if digest not in self._noted:
            self._note(cursor, digest)
            return statement, parameters
        if changes:
            _again(cursor, statement, parameters)
        return _NOTHING

    def _begin_anew(self, cursor: Any) -> None:
        """A migration is through; the next one may say the same."""
        self._noted.clear()
        self._said.clear()
        cursor.execute(f"DELETE FROM {NOTES.name} WHERE room = %s", (self._room,))

    def _note(self, cursor: Any, digest: str) -> None:
        self._noted.add(digest)
        values = (self._room, digest)
        cursor.execute(f"INSERT INTO {NOTES.name} VALUES (%s, %s)", values)


def _again(cursor: Any, statement: str, parameters: Any) -> None:
    try:
        cursor.execute(statement, parameters)
    except Exception as error:
        # Whichever driver it is: the server's number comes first.
        if not error.args or error.args[0] not in _DONE:
            raise
