"""SQLite files: opening, creating, translating errors.

Write-ahead log, synchronous=NORMAL: a transaction is atomic at once and durable
when the log file is synced, which ``database.settling`` does in the background;
until then the journal holds what it changed.  Checkpoints are run there too, so
that a transaction on the hub's thread never waits for a disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    RingstackError,
    Unavailable,
)
from objectstore.kernel.sqlite_text import is_damaged_text

# SQLite's default; also the block that a file system writes at once.
PAGE_BYTES = 4096
# Statements a connection keeps prepared; a database uses about forty.
STATEMENTS_CACHED = 64
# A checkpoint or a closing connection holds a lock for some milliseconds.
BUSY_SECONDS = 5.0
# Page cache of one open database: merging names in random order into a table of
# 100,000 rows took 18 us a row with 2 MiB, 9 us with this and with four times it.
CACHE_KIB = 8 * 1024
# A write-ahead log is cut to this when it begins anew after a checkpoint.
LOG_BYTES_KEPT = 1024 * 1024
# What SQLite may hold in all in this process before its caches reuse their own
# pages instead of growing: a worker is to stay under 150 MiB.
HEAP_BYTES = 64 * 1024 * 1024

_FULL = sqlite3.SQLITE_FULL
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_AWAY = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY})


def translated(error: sqlite3.Error, path: str) -> RingstackError:
    """The house's error for what SQLite said of the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _FULL:
        return InsufficientStorage(f"{path}: {error}")
    if code in _CORRUPT or is_damaged_text(error):
        return Corrupt(f"{path}: {error}")
    if code in _AWAY or isinstance(error, sqlite3.OperationalError):
        return Unavailable(f"{path}: {error}")
    return Corrupt(f"{path}: {error}")


def image_of(schema: str) -> bytes:
    """The bytes of an empty database with this schema, in WAL mode.

    A new database is written as these bytes: a tenth of the time that SQLite
    takes to create the tables, and no rollback journal, hence no fsync.
    """
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema)
        image = bytearray(connection.serialize())
    finally:
        connection.close()
    # File format 1.3: bytes 18 and 19 are the write and read version; 2: WAL.
    image[18] = image[19] = 2
    return bytes(image)


def create(disk: Disk, path: str, image: bytes) -> None:
    """Write a new database file; not durable yet."""
    disk.make_directory(os.path.dirname(path))
    for companion in files_of(path)[1:]:
        # A write-ahead log that a crash left would be applied to the new file.
        with suppress(FileMissing):
            disk.unlink(companion)
    descriptor = disk.create(path)
    try:
        disk.pwrite(descriptor, [image], 0)
    except RingstackError:
        disk.unlink(path)
        raise
    finally:
        disk.close(descriptor)


def is_torn(disk: Disk, path: str, image_bytes: int) -> bool:
    """Whether the file lacks pages that ``create`` wrote: power was lost before
    they were synced.  (No page of a database is ever all zeros.)"""
    descriptor = disk.open(path)
    try:
        content = disk.pread(descriptor, image_bytes, 0)
    finally:
        disk.close(descriptor)
    starts = range(0, image_bytes, PAGE_BYTES)
    return any(not content[start : start + PAGE_BYTES].strip(b"\0") for start in starts)


def connect(path: str) -> sqlite3.Connection:
    """Open an existing database; raises ``sqlite3.Error``."""
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_CACHED,
    )
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES_KEPT}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA soft_heap_limit={HEAP_BYTES}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One that is rolled back, unless it is committed inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        # A full disk has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def checkpoint(path: str) -> bool:
    """Bring the write-ahead log into the database file and sync both.

    Blocks.  False when somebody wrote at the same time, so that it is not
    complete.  A connection of its own: the hub's goes on working meanwhile.
    """
    try:
        connection = connect(path)
        try:
            row = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise translated(error, path) from error
    busy, frames, done = row
    return not busy and frames == done


def files_of(path: str) -> tuple[str, str, str]:
    """The database file and its companions."""
    return path, f"{path}-wal", f"{path}-shm"
