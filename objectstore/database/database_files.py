"""Where the databases of a device lie, and making their files durable.

``<directory>/<first 2 hex digits>/<32 hex digits>.db``, so that files in name
order are in key order, and a partition (a range of keys) is a range of files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from objectstore.database import sqlite_file
from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Corrupt, Unavailable

QUARANTINE = "quarantine"
KEY_BYTES = 16
# A write-ahead log larger than this is brought into its database file; until
# then syncing it is enough, and much cheaper.
WAL_BYTES_MAX = 4 * 1024 * 1024
_SUFFIX = ".db"
# Copies of one key in quarantine; later ones replace the last.
_QUARANTINED_MAX = 100

_log = logging.getLogger("objectstore.database")


class Unsafe(NamedTuple):
    """A database with changes that may not be on disk yet."""

    key: bytes
    is_new: bool  # its file has never been synced


class DatabaseFiles:
    """The files of one kind of databases of one device."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self._disk = disk
        self._directory = directory

    def path(self, key: bytes) -> str:
        """The database file of the key."""
        name = key.hex()
        return os.path.join(self._directory, name[:2], name + _SUFFIX)

    def exists(self, key: bytes) -> bool:
        """Whether there is one."""
        try:
            self._disk.facts(self.path(key))
        except FileMissing:
            return False
        return True

    def keys(self, first: bytes, stop: bytes | None) -> Iterator[bytes]:
        """Keys from ``first`` to before ``stop`` (None: the end), in order.

        Looks at one directory at a time, so it may be iterated slowly.
        """
        for prefix in self._disk.list(self._directory):
            if len(prefix) != 2 or prefix < first.hex()[:2]:
                continue
            if stop is not None and prefix > stop.hex()[:2]:
                return
            for name in self._disk.list(os.path.join(self._directory, prefix)):
                key = _key_of(name)
                if key is not None and key >= first and (stop is None or key < stop):
                    yield key

    def remove(self, key: bytes) -> None:
        """Delete the database; the file itself last, so that a crash leaves
        nothing that could be taken for one.  Blocks."""
        database, *companions = sqlite_file.files_of(self.path(key))
        for path in (*companions, database):
            with suppress(FileMissing):
                self._disk.unlink(path)

    def put_aside(self, key: bytes) -> str:
        """Move a corrupt database to the quarantine; where it is now."""
        directory = os.path.join(self._directory, QUARANTINE)
        self._disk.make_directory(directory)
        taken = set(self._disk.list(directory))
        for number in range(_QUARANTINED_MAX):
            name = f"{key.hex()}{_SUFFIX}.{number}"
            if name not in taken:
                break
        target = os.path.join(directory, name)
        moves = zip(
            sqlite_file.files_of(self.path(key)),
            sqlite_file.files_of(target),
            strict=True,
        )
        # Companions first: a write-ahead log must never meet another file.
        for source, destination in reversed(list(moves)):
            with suppress(FileMissing):
                self._disk.rename(source, destination)
        return target

    def make_safe(self, databases: Sequence[Unsafe]) -> list[Unsafe]:
        """Sync what their transactions wrote; those to try again.  Blocks."""
        again: list[Unsafe] = []
        directories: set[str] = set()
        for database in databases:
            path = self.path(database.key)
            if database.is_new:
                directories.add(os.path.dirname(path))
            try:
                if not self._sync(path, database.is_new):
                    again.append(database)
            except FileMissing:
                continue  # reclaimed or put aside meanwhile
            except Corrupt as error:
                # There is nothing to make safe; its next reader puts it aside.
                _log.error("%s", error)
        for directory in directories:
            with suppress(FileMissing):
                self._disk.sync_directory(directory)
        return again

    def _sync(self, path: str, is_new: bool) -> bool:
        try:
            log_bytes = self._disk.facts(f"{path}-wal").size
        except FileMissing:
            # Closed since: SQLite has synced the database file.
            self._disk.facts(path)
            return True
        if is_new or log_bytes > WAL_BYTES_MAX:
            try:
                is_complete = sqlite_file.checkpoint(path)
            except Unavailable:
                self._disk.facts(path)  # FileMissing, if that was why
                raise
            if is_complete or is_new:
                return is_complete
        try:
            descriptor = self._disk.open(f"{path}-wal", write=True)
        except FileMissing:
            return True
        try:
            self._disk.sync_data(descriptor)
        finally:
            self._disk.close(descriptor)
        return True


def _key_of(name: str) -> bytes | None:
    if len(name) != 2 * KEY_BYTES + len(_SUFFIX) or not name.endswith(_SUFFIX):
        return None
    try:
        return bytes.fromhex(name[: -len(_SUFFIX)])
    except ValueError:
        return None
