"""Migrations where each change of a table is committed at once (MariaDB, MySQL): a
crash between two statements leaves half of a migration, and the next start goes on.

Each statement that writes is noted before it is done, by what it says and how often
that was said before, in a table of its own.  Changing a table commits the note, and all
that came before.  So a note that is found tells of rows that they were written, and
they are not written again; of a table that it may have been changed: that is done
again, and may find its work done.  What is applied is written, and the notes go, in one
transaction.

What is done already without a note, an older release has begun, which took none:
whether its rows were written nobody knows, so nothing is changed (``HalfDone``).
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


class HalfDone(Exception):
    """What a migration is to do now was done before, and nobody has noted it."""


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
    except sa.exc.DBAPIError as error:
        if steps.begun and _is_done(error.orig):
            # Or the next start would take it for its own work.
            steps.take_back(connection)
            raise HalfDone(str(error.orig)) from error
        raise
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
        # The change of a table that was noted last; "": it was done before, or is none.
        self.begun = ""

    def take_back(self, connection: sa.Connection) -> None:
        """Let what has just failed be news again."""
        gone = sa.delete(NOTES).where(NOTES.c.room == self._room)
        connection.execute(gone.where(NOTES.c.digest == self.begun))
        # The failure ends the transaction, and would bring the note back.
        connection.execute(sa.text("COMMIT"))

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
        if NOTES.name in statement:
            return statement, parameters
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
        self.begun = ""
        if digest not in self._noted:
            self._note(cursor, digest)
            self.begun = digest if changes else ""
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
        if not _is_done(error):
            raise


def _is_done(error: BaseException | None) -> bool:
    # Whichever driver it is: the server's number comes first.
    return error is not None and bool(error.args) and error.args[0] in _DONE
