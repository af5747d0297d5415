"""All databases of one kind on one device: found, begun, put aside, removed.

How they change is ``database.changes``'s.  After a crash the journal is replayed from
where it was settled: every record merges, so it does not matter which of them the files
already hold.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

from objectstore.database import sqlite_file
from objectstore.database.broker import PENDING_ROWS_MAX, Broker, NotBegun
from objectstore.database.broker_cache import OPEN_DATABASES_MAX, BrokerCache
from objectstore.database.changes import Changes
from objectstore.database.database_files import DatabaseFiles
from objectstore.database.facts import Facts, join
from objectstore.database.facts_table import empty_image
from objectstore.database.journal_records import (
    FactsRecord,
    Record,
)
from objectstore.database.replaying import records_by_database
from objectstore.database.row_kinds import RowKind
from objectstore.database.rows import RowTable
from objectstore.database.unsettled import Unsettled
from objectstore.kernel.device import Device
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import Journal
from objectstore.kernel.space import SpaceGuard

JOURNAL_DIRECTORY = "journal"
# Small segments: a restart replays what is behind the applied position, and
# space comes back a segment at a time.
SEGMENT_BYTES_MAX = 16 * 1024 * 1024
ALLOCATE_BYTES = 1024 * 1024

_log = logging.getLogger("objectstore.database")


class DatabaseStore:
    """See the module.  Made by ``open``; one process has it (``Device``)."""

    def __init__(
        self,
        device: Device,
        directory: str,
        kind: RowKind,
        journal: Journal,
        open_databases_max: int,
        space: SpaceGuard | None,
    ) -> None:
        self.directory = directory
        self.files = DatabaseFiles(device.disk, directory)
        self.journal = journal
        self.kind = kind
        self.quarantines = 0  # since the start
        self._disk = device.disk
        self._table = RowTable(kind)
        self._image = empty_image(self._table)
        self._cache = BrokerCache(open_databases_max)
        self._drop_listeners: list[Callable[[bytes], None]] = []
        # Put aside since the start, and not brought back yet.
        self.put_aside: set[bytes] = set()
        self._unsettled = Unsettled(self._disk, directory, journal, self.files)
        self.changes = Changes(
            kind, journal, self._cache, self._unsettled, self.quarantine, space
        )

    @classmethod
    def open(
        cls,
        device: Device,
        name: str,
        kind: RowKind,
        *,
        open_databases_max: int = OPEN_DATABASES_MAX,
        space: SpaceGuard | None = None,
    ) -> DatabaseStore:
        """Open the databases in the device's directory ``name`` and replay what
        their files may lack.  Blocks.

        ``space`` refuses what makes a full device fuller; None: nothing does.
        """
        directory = os.path.join(device.path, name)
        journal = Journal.open(
            device.disk,
            os.path.join(directory, JOURNAL_DIRECTORY),
            device.identity,
            segment_bytes_max=SEGMENT_BYTES_MAX,
            allocate_bytes=ALLOCATE_BYTES,
            over_zeros=True,
        )
        store = cls(device, directory, kind, journal, open_databases_max, space)
        store._replay()
        store._cache.closes_in_background = True
        return store

    def close(self) -> None:
        """Fold and settle everything, then close.  The loops have been stopped."""
        self.journal.flush()
        try:
            self.changes.settle()
        except RingstackError as error:
            # The journal has it: the next start folds it.
            _log.warning("%s: not settled at the end: %s", self.directory, error)
        self.journal.close()
        for broker in self._cache:
            self._cache.drop(broker.key)
            broker.close()

    def on_drop(self, listener: Callable[[bytes], None]) -> None:
        """Call ``listener(key)`` when a database, or old things in it, went without
        a change: put aside, removed, reclaimed."""
        self._drop_listeners.append(listener)

    def dropped(self, key: bytes) -> None:
        """Tell who listens (``on_drop``)."""
        for listener in self._drop_listeners:
            listener(key)

    # ---- finding --------------------------------------------------------------

    def find(self, key: bytes) -> Broker | None:
        """The database, opened if it is here; not to be kept over a wait."""
        broker = self._cache.get(key)
        if broker is None and self.files.exists(key):
            try:
                broker = self._open(key, None)
            except NotBegun:
                return None
        return broker

    def find_or_create(self, key: bytes, account: str, container: str) -> Broker:
        """The database; a new one has neither been created (in the sense of a
        PUT) nor deleted, and is not in the journal yet."""
        broker = self.find(key)
        if broker is None:
            if not self.files.exists(key):
                sqlite_file.create(self._disk, self.files.path(key), self._image)
            self._unsettled.is_new[key] = True
            broker = self._open(key, Facts(account, container))
        return broker

    def _open(self, key: bytes, facts: Facts | None) -> Broker:
        try:
            broker = Broker(self._table, key, self.files.path(key), facts)
        except NotBegun:
            raise
        except Corrupt:
            self.quarantine(key)
            raise
        self._cache.add(broker)
        return broker

    @property
    def open_count(self) -> int:
        """Databases that are open now."""
        return len(self._cache)

    def keys(self, first: bytes = b"", stop: bytes | None = None) -> Iterator[bytes]:
        """Keys of all databases from ``first`` to before ``stop``, in order."""
        return self.files.keys(first, stop)

    # ---- going ------------------------------------------------------------------

    def quarantine(self, key: bytes) -> None:
        """Put a corrupt database aside: from here on it is not on this device,
        and replication brings it back."""
        broker = self._cache.drop(key)
        self.changes.drop(key)
        if broker is not None:
            broker.close()
        elif not self.files.exists(key):
            return  # it is aside already
        self.quarantines += 1
        place = self.files.put_aside(key)
        _log.error("database %s is corrupt, moved to %s", key.hex(), place)
        self.put_aside.add(key)
        self.dropped(key)

    def remove(self, key: bytes) -> None:
        """Remove a database as a whole.  The journal is not told: what a crash
        brings back of it is removed again."""
        broker = self.find(key)
        if broker is None:
            return
        # Without a wait between: nobody may find it half gone.
        self._cache.drop(key)
        self.changes.drop(key)
        broker.close()
        self.files.remove(key)
        self.dropped(key)

    # ---- replaying --------------------------------------------------------------

    def _replay(self) -> None:
        for key, records in records_by_database(self.journal, self._unsettled.start):
            if key not in self._unsettled.is_new and self._is_torn(key):
                self.quarantine(key)
            for record in records:
                self._apply(key, record)
            self.changes.note(key)

    def _is_torn(self, key: bytes) -> bool:
        """Whether its creation was cut short; it is then replayed now."""
        path, length = self.files.path(key), len(self._image)
        return self.files.exists(key) and sqlite_file.is_torn(self._disk, path, length)

    def _apply(self, key: bytes, record: Record) -> None:
        if isinstance(record, FactsRecord):
            facts = record.facts
            broker = self.find_or_create(key, facts.account, facts.container)
            broker.take_facts(join(broker.facts, facts))
            return
        found = self.find(key)
        if found is None:
            return  # put aside or reclaimed since
        if found.pending_rows + len(record.rows) > PENDING_ROWS_MAX:
            found.fold()
        make = self._table.kind.row
        found.merge([make(*row) for row in record.rows])
