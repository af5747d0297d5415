"""The SQL of a database's facts: one row, which says what its other rows add up to.

Written with every fold, in its transaction, so that the totals are those of the rows
that lie beside them.
"""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

import msgpack

from objectstore.database import sqlite_file
from objectstore.database.facts import Facts
from objectstore.database.row_kinds import DIGEST_BYTES
from objectstore.database.rows import RowTable, Totals
from objectstore.kernel.errors import Corrupt

FORMAT_VERSION = 1

_COLUMNS = (
    "database_id, account, container, created, put_timestamp, deleted_timestamp, "
    "policy, metadata, live_rows, objects, bytes_used, digest, cleared, reported"
)
SCHEMA = f"""
CREATE TABLE facts (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    database_id TEXT NOT NULL, account TEXT NOT NULL, container TEXT NOT NULL,
    created INTEGER NOT NULL, put_timestamp INTEGER NOT NULL,
    deleted_timestamp INTEGER NOT NULL, policy INTEGER NOT NULL,
    metadata BLOB NOT NULL, live_rows INTEGER NOT NULL, objects INTEGER NOT NULL,
    bytes_used INTEGER NOT NULL, digest BLOB NOT NULL, cleared INTEGER NOT NULL,
    reported BLOB NOT NULL
);
PRAGMA user_version = {FORMAT_VERSION};
"""
_TEXTS, _INTEGERS = (str, str, str), (int, int, int, int)
_TYPES = (*_TEXTS, *_INTEGERS, bytes, int, int, int, bytes, int, bytes)
_READ = f"SELECT {_COLUMNS} FROM facts"
_WRITE = (
    f"INSERT OR REPLACE INTO facts (only, {_COLUMNS}) "
    "VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def empty_image(table: RowTable) -> bytes:
    """The bytes of a database without facts and rows."""
    return sqlite_file.image_of(table.schema + SCHEMA)


class FactsRow(NamedTuple):
    """What the one row says."""

    database_id: str
    facts: Facts
    totals: Totals
    cleared: int  # the deletion that the rows have been cleared for; 0: none
    reported: tuple[int, ...]  # what was last told to the account


def read(connection: sqlite3.Connection) -> FactsRow | None:
    """The row; None before the first fold.  ``Corrupt`` when it is none of ours: SQLite
    does not see what has changed within a value."""
    row = connection.execute(_READ).fetchone()
    if row is None:
        return None
    if tuple(map(type, row)) != _TYPES:
        raise Corrupt("what the database says of itself is of other types")
    try:
        return _decoded(row)
    except (ValueError, TypeError, AttributeError) as error:
        raise Corrupt(f"what the database says of itself is damaged: {error}") from None


def _decoded(row: tuple[Any, ...]) -> FactsRow:
    database_id, account, container, created, put, deleted, policy = row[:7]
    metadata, rows, objects, used, digest, cleared, reported = row[7:]
    items = {
        str(name): (str(text), int(changed))
        for name, (text, changed) in msgpack.unpackb(metadata, use_list=False).items()
    }
    return FactsRow(
        database_id,
        Facts(account, container, created, put, deleted, policy, items),
        Totals(rows, objects, used, int.from_bytes(digest, "big")),
        cleared,
        tuple(map(int, msgpack.unpackb(reported, use_list=False))),
    )


def write(connection: sqlite3.Connection, row: FactsRow) -> None:
    """Let this be the row.  Inside a transaction."""
    facts, totals = row.facts, row.totals
    values = (
        row.database_id,
        facts.account,
        facts.container,
        facts.created,
        facts.put_timestamp,
        facts.deleted_timestamp,
        facts.policy,
        msgpack.packb(facts.metadata),
        totals.rows,
        totals.objects,
        totals.used,
        totals.digest.to_bytes(DIGEST_BYTES, "big"),
        row.cleared,
        msgpack.packb(row.reported),
    )
    connection.execute(_WRITE, values)
