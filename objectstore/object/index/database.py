"""The index's tables, and how they are opened.

``DatabaseOpener`` is the port: SQLite goes to the file system itself, so the
simulation brings an opener of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from objectstore.kernel.errors import Corrupt, InsufficientStorage, Unavailable
from objectstore.kernel.sqlite_text import is_damaged_text

# The statements are ours: what SQLite cannot make of them is the schema's fault.
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

DatabaseOpener = Callable[[str], sqlite3.Connection]

# An index of another version is made anew from the log.
SCHEMA_VERSION = 2
# Of each of an index's two connections: what is read, and what is written.  The pages
# near the root stay; leaves come from the page cache of the system.
CACHE_KIB = 8 * 1024

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # The log is the truth: losing the last transactions costs a longer replay.
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    # Checkpoints fsync: they are run on a native thread, not by a commit.
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA temp_store = MEMORY",
)

_TABLES = (
    """CREATE TABLE objects (
        key BLOB PRIMARY KEY,
        row BLOB NOT NULL
    ) WITHOUT ROWID""",
    # Bytes of needed records, by number of the segment.
    "CREATE TABLE segments (key INTEGER PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE owed (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE quarantined (
        key BLOB PRIMARY KEY,
        value BLOB NOT NULL
    ) WITHOUT ROWID""",
    # Objects that expire, by when (object.expiring).
    """CREATE TABLE expiring (
        delete_at INTEGER NOT NULL,
        key BLOB NOT NULL,
        PRIMARY KEY (delete_at, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE facts (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) WITHOUT ROWID""",
)


def open_database(path: str) -> sqlite3.Connection:
    """A connection that may be used from any thread, one at a time."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def prepare(connection: sqlite3.Connection) -> bool:
    """Set the connection up and see that the tables are there.

    True when they were just made.  ``Corrupt`` when this is no index of ours.
    """
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return False
        if version != 0:
            raise Corrupt(f"index of unknown version {version}")
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translated(error) from error
    return True


def translated(error: sqlite3.Error) -> Exception:
    """The house's error for what SQLite said."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return InsufficientStorage(f"index: {error}")
    if code in _CORRUPT or is_damaged_text(error):
        return Corrupt(f"index: {error}")
    return Unavailable(f"index: {error}")
