"""SQLite in memory with the fate of its disk: commits can be lost with the power.

``Databases`` is a ``DatabaseOpener``: connections to one path share a database.  It
remembers what each commit left; after a power loss a restart finds any commit since
the last checkpoint, or nothing at all.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from random import Random
from typing import Any

from test.fakes.disk import MemoryDisk

_TABLES = "SELECT count(*) FROM sqlite_master"
_numbers = count()


class Databases:
    """Opens databases on a ``MemoryDisk``."""

    def __init__(self, disk: MemoryDisk) -> None:
        self.disk = disk
        self.kept: dict[str, list[bytes]] = {}  # the first one is durable
        self._number = next(_numbers)

    def __call__(self, path: str) -> sqlite3.Connection:
        # A database of this kind goes with its last connection.
        connection: Any = sqlite3.connect(
            f"file:/{self._number}{path}?vfs=memdb",
            isolation_level=None,
            factory=_Connection,
            check_same_thread=False,
            uri=True,
        )
        connection.databases = self
        connection.path = path
        (tables,) = sqlite3.Connection.execute(connection, _TABLES).fetchone()
        if self.kept.get(path) and not tables:
            with closing(sqlite3.connect(":memory:")) as kept:
                kept.deserialize(self.kept[path][-1])
                kept.backup(connection)
        made: sqlite3.Connection = connection
        return made

    def after_power_loss(self, disk: MemoryDisk, random: Random) -> Databases:
        """What a restart finds: each database as some commit left it."""
        survivor = Databases(disk)
        for path, commits in self.kept.items():
            if commits:
                survivor.kept[path] = [random.choice(commits)]
        return survivor


class _Connection(sqlite3.Connection):
    databases: Databases
    path: str

    def execute(self, text: str, *parameters: Any) -> sqlite3.Cursor:
        disk = self.databases.disk
        if text == "COMMIT" or "checkpoint(" in text:
            try:
                disk.meet("database", changes=True)
            except Exception as error:
                raise sqlite3.OperationalError(f"disk I/O error: {error}") from error
        elif disk.dead and text != "ROLLBACK":
            raise sqlite3.OperationalError("disk I/O error")
        cursor = super().execute(text, *parameters)
        commits = self.databases.kept.setdefault(self.path, [])
        if text == "COMMIT" or text.startswith("INSERT OR REPLACE INTO facts"):
            if not self.in_transaction:
                commits.append(self.serialize())
        elif "checkpoint(" in text:
            del commits[:-1]
        return cursor
