"""An SQLite database for tests that try logic, not disks or threads.

It is the real one, without the waits: transactions run where they are asked for,
commits are not synced, and statements are compiled once for all of them.  The tables of
every room are there: each process of a run lets the migrations make them once, and
copies the file.
"""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from compute.core.sql.database import Database
from compute.core.sql.migrations import COMPUTE, upgrade
from test.fakes.known_statements import keep_statements

D = TypeVar("D", bound=Database)


def hasty_database(directory: Path) -> Database:
    """A database in that directory; one that is there already is kept."""
    return hasty(Database, directory)


def hasty(kind: type[D], directory: Path) -> D:
    """The same, of a kind of its own."""
    file = directory / "cloud.sqlite"
    if not file.exists():
        file.write_bytes(migrated_file())
    return _open(file, kind)


def _open(file: Path, kind: type[D]) -> D:
    keep_statements()
    return kind(f"sqlite:///{file}", offload=_at_once, sqlite_synchronous="OFF")


@functools.cache
def migrated_file() -> bytes:
    """The file of a database that nobody has written to but the migrations."""
    rooms = [place.parent.name for place in sorted(COMPUTE.glob("*/migrations"))]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "migrated.sqlite"
        database = _open(file, Database)
        try:
            upgrade(database, rooms)
        finally:
            database.close()
        connection = sqlite3.connect(file)
        try:
            # What is still in the log joins the rest; the copy begins without one.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return file.read_bytes()
        finally:
            connection.close()


def _at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
