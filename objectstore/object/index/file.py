"""The index's file as a whole: what it says of itself, its write-ahead file's pages
moved home, SQLite's own check of it.  Raises ``sqlite3.Error``."""

from __future__ import annotations

import contextlib
import sqlite3

import msgpack
from crc32c import crc32c

from objectstore.kernel.errors import Corrupt
from objectstore.kernel.journal import Position
from objectstore.object.index.database import DatabaseOpener
from objectstore.object.index.frozen import FACT

_CHECK = "PRAGMA quick_check(10)"


def facts_of(connection: sqlite3.Connection) -> dict[str, bytes]:
    """What was noted with the last flush, and whether it was closed in order."""
    return dict(connection.execute("SELECT name, value FROM facts").fetchall())


def set_fact(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    """Keep a fact under that name."""
    connection.execute(FACT, (name, value))


def noted(applied: Position, digests: bytes) -> dict[str, bytes]:
    """What a flush notes: SQLite does not see that a byte of it has changed on disk,
    and a wrong place would leave records out."""
    packed: bytes = msgpack.packb(applied)
    return {"applied": packed, "digests": digests, "crc": _seal(packed, digests)}


def applied_in(facts: dict[str, bytes]) -> Position | None:
    """The place that was noted, if any was; ``Corrupt`` when what was noted is not as
    it was."""
    if facts.keys().isdisjoint(("applied", "digests")):
        return None
    try:
        packed, digests = facts["applied"], facts["digests"]
    except KeyError as error:
        raise Corrupt(f"the index has lost its {error}") from None
    seal = _seal(packed, digests)
    # Earlier flushes noted none.
    if facts.get("crc", seal) != seal:
        raise Corrupt("what the index says of itself has changed on disk")
    return Position(*msgpack.unpackb(packed))


def _seal(applied: bytes, digests: bytes) -> bytes:
    return crc32c(applied + digests).to_bytes(4, "big")


def page_count(connection: sqlite3.Connection) -> int:
    """How many pages the file has."""
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages


def move_pages_home(path: str, opener: DatabaseOpener) -> None:
    """Checkpoint on a connection of its own, fsyncing: what was flushed before is
    durable afterwards."""
    with contextlib.closing(opener(path)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        checkpoint = connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        _, pages, moved = checkpoint.fetchone()
        if moved < pages:
            # Somebody reads what was there before: SQLite has stopped at his pages,
            # perhaps without a sync.  One is part of such a commit.
            connection.execute("PRAGMA synchronous = FULL")
            set_fact(connection, "synced", b"")


def problems_of(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with it."""
    try:
        found = connection.execute(_CHECK).fetchall()
    except sqlite3.Error as error:
        return [str(error)]
    return [text for (text,) in found if text != "ok"]
