"""All databases of one kind on one device, and the journal that they share.

A change takes effect in memory at once, in the order of the calls; its promise
is kept when its journal record is synced, together with those of all other
databases of the device.  From memory it is folded into SQLite soon after
(``fold_some``) or before it is asked for; ``settle`` makes the SQLite files safe
and lets go of the journal up to there (``database.unsettled``).  After a crash the
journal is replayed from that position: every record merges, so it does not matter
which of them the files already hold.

Two consequences of taking effect before being durable: an answer may show a
change whose own promise is not yet kept (or will be broken: then it may go, or
stay, as any unacknowledged write); and a promise must wait for earlier *facts*
too, because rows without their database's creation could not be replayed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from objectstore.database import sqlite_file
from objectstore.database.broker import PENDING_ROWS_MAX, Broker, NotBegun, empty_image
from objectstore.database.broker_cache import OPEN_DATABASES_MAX, BrokerCache
from objectstore.database.database_files import DatabaseFiles
from objectstore.database.facts import Facts, join
from objectstore.database.journal_records import (
    KIND_FACTS,
    KIND_ROWS,
    FactsRecord,
    Record,
    WriteEntry,
    all_kept,
    encode_facts,
    encode_rows,
)
from objectstore.database.replaying import records_by_database
from objectstore.database.row_kinds import RowKind
from objectstore.database.rows import RowTable
from objectstore.database.unsettled import Unsettled
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import Journal
from objectstore.kernel.space import SpaceGuard
from objectstore.wire.records import Receipt

JOURNAL_DIRECTORY = "journal"
# Small segments: a restart replays what is behind the applied position, and
# space comes back a segment at a time.
SEGMENT_BYTES_MAX = 16 * 1024 * 1024
ALLOCATE_BYTES = 1024 * 1024

_log = logging.getLogger("objectstore.database")


def _at_once() -> None:
    pass


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
        self._space = space
        self._disk = device.disk
        self._table = RowTable(kind)
        self._image = empty_image(self._table)
        self._cache = BrokerCache(open_databases_max)
        self._unfolded: dict[bytes, None] = {}
        self._listeners: list[Callable[[bytes], None]] = []
        self._drop_listeners: list[Callable[[bytes], None]] = []
        # Put aside since the start, and not brought back yet.
        self.put_aside: set[bytes] = set()
        self._unsettled = Unsettled(self._disk, directory, journal, self.files)

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
            self.settle()
        except RingstackError as error:
            # The journal has it: the next start folds it.
            _log.warning("%s: not settled at the end: %s", self.directory, error)
        self.journal.close()
        for broker in self._cache:
            self._cache.drop(broker.key)
            broker.close()

    def on_change(self, listener: Callable[[bytes], None]) -> None:
        """Call ``listener(key)`` after each change of a database; it must be
        short and must not raise."""
        self._listeners.append(listener)

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

    # ---- changing -------------------------------------------------------------

    def write_facts(
        self, broker: Broker, facts: Facts, receipt: Receipt
    ) -> Promise[Receipt]:
        """Let these be the database's facts; kept when they are durable."""
        written = broker.facts_written
        is_known = written is None or (written.done and written.error is None)
        if facts == broker.facts and is_known and facts.put_timestamp:
            return Promise.of(receipt)
        if facts.deleted_timestamp == broker.facts.deleted_timestamp:
            self._make_sure_of_room()
        entry = WriteEntry(KIND_FACTS, encode_facts(broker.key, facts), receipt)
        broker.take_facts(facts)
        broker.facts_written = entry.promise
        self._changed(broker.key)
        self.journal.submit(entry)
        return entry.promise

    def write_rows(
        self, broker: Broker, rows: Sequence[Any], receipt: Receipt
    ) -> Promise[Receipt]:
        """Merge rows; kept when they are durable."""
        if not all(map(self.kind.is_gone, rows)):
            self._make_sure_of_room()
        promises: list[Promise[Receipt]] = []
        written = broker.facts_written
        if written is not None and (not written.done or written.error is not None):
            if written.done:
                written = self.write_facts(broker, broker.facts, receipt)
            promises.append(written)
        elif 0 < len(rows) <= PENDING_ROWS_MAX:
            return self._write_part(broker, rows, receipt)
        for first in range(0, len(rows), PENDING_ROWS_MAX):
            part = rows[first : first + PENDING_ROWS_MAX]
            promises.append(self._write_part(broker, part, receipt))
        return promises[0] if len(promises) == 1 else all_kept(promises, receipt)

    def _write_part(
        self, broker: Broker, rows: Sequence[Any], receipt: Receipt
    ) -> Promise[Receipt]:
        """Rows that go into one record."""
        if broker.pending_rows + len(rows) > PENDING_ROWS_MAX:
            broker.fold()
        key = broker.key
        entry = WriteEntry(KIND_ROWS, encode_rows(key, rows), receipt)
        broker.merge(rows)
        self._changed(key)
        self.journal.submit(entry)
        return entry.promise

    def _make_sure_of_room(self) -> None:
        """Deletions are taken all the same: they are what makes room."""
        if self._space is not None:
            self._space.check()

    def _changed(self, key: bytes) -> None:
        self._unfolded[key] = None
        self._unsettled.is_new.setdefault(key, False)
        for listener in self._listeners:
            listener(key)

    # ---- keeping ----------------------------------------------------------------

    def fold_some(self, limit: int) -> bool:
        """Fold up to ``limit`` databases that wait for it, the longest waiting
        first; whether more wait."""
        for key in list(islice(self._unfolded, limit)):
            self._fold(key)
        return bool(self._unfolded)

    def _fold(self, key: bytes) -> None:
        self._unfolded.pop(key, None)
        broker = self._cache.peek(key)
        if broker is None:
            return  # it was folded when it was closed
        try:
            broker.fold()
        except Corrupt:
            self.quarantine(key)
        except RingstackError:
            self._unfolded[key] = None  # last: the others get their turn
            raise

    @property
    def unfolded(self) -> int:
        """Databases with changes that wait in memory."""
        return len(self._unfolded)

    @property
    def unsettled_bytes(self) -> int:
        """Bytes of the journal that a restart would replay."""
        return self._unsettled.journal_bytes

    def settle(self, before_fold: Callable[[], None] = _at_once) -> None:
        """Make the files safe and forget the journal up to there.  Waits, also in
        ``before_fold``, called before each fold that takes a while."""

        def fold(key: bytes) -> None:
            broker = self._cache.peek(key)
            if broker is not None and broker.pending_rows:
                before_fold()
            self._fold(key)

        self._unsettled.settle(fold)

    def quarantine(self, key: bytes) -> None:
        """Put a corrupt database aside: from here on it is not on this device,
        and replication brings it back."""
        broker = self._cache.drop(key)
        self._unfolded.pop(key, None)
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
        self._unfolded.pop(key, None)
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
            self._changed(key)

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
