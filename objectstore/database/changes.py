"""What changes in a device's databases: at once in memory, then in journal and files.

A change takes effect in memory at once, in the order of the calls; its promise
is kept when its journal record is synced, together with those of all other
databases of the device.  From memory it is folded into SQLite soon after
(``fold_some``) or before it is asked for; ``settle`` makes the SQLite files safe
and lets go of the journal up to there (``database.unsettled``).

Two consequences of taking effect before being durable: an answer may show a
change whose own promise is not yet kept (or will be broken: then it may go, or
stay, as any unacknowledged write); and a promise must wait for earlier *facts*
too, because rows without their database's creation could not be replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from objectstore.database.broker import PENDING_ROWS_MAX, Broker
from objectstore.database.broker_cache import BrokerCache
from objectstore.database.facts import Facts
from objectstore.database.journal_records import (
    KIND_FACTS,
    KIND_ROWS,
    WriteEntry,
    all_kept,
    encode_facts,
    encode_rows,
)
from objectstore.database.row_kinds import RowKind
from objectstore.database.unsettled import Unsettled
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import Journal
from objectstore.kernel.space import SpaceGuard
from objectstore.wire.records import Receipt


def _at_once() -> None:
    pass


class Changes:
    """See the module.  One per store."""

    def __init__(
        self,
        kind: RowKind,
        journal: Journal,
        opened: BrokerCache,
        unsettled: Unsettled,
        quarantine: Callable[[bytes], None],
        space: SpaceGuard | None,
    ) -> None:
        """``quarantine(key)`` puts a database aside that turns out corrupt.  ``space``
        refuses what makes a full device fuller; None: nothing does."""
        self._kind = kind
        self._journal = journal
        self._opened = opened
        self._unsettled = unsettled
        self._quarantine = quarantine
        self._space = space
        self._unfolded: dict[bytes, None] = {}
        self._listeners: list[Callable[[bytes], None]] = []

    def on_change(self, listener: Callable[[bytes], None]) -> None:
        """Call ``listener(key)`` after each change of a database; it must be
        short and must not raise."""
        self._listeners.append(listener)

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
        self.note(broker.key)
        self._journal.submit(entry)
        return entry.promise

    def write_rows(
        self, broker: Broker, rows: Sequence[Any], receipt: Receipt
    ) -> Promise[Receipt]:
        """Merge rows; kept when they are durable."""
        if not all(map(self._kind.is_gone, rows)):
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
        self.note(key)
        self._journal.submit(entry)
        return entry.promise

    def _make_sure_of_room(self) -> None:
        """Deletions are taken all the same: they are what makes room."""
        if self._space is not None:
            self._space.check()

    def note(self, key: bytes) -> None:
        """The database has changed, in memory."""
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

    def drop(self, key: bytes) -> None:
        """The database is not here any more: there is nothing to fold."""
        self._unfolded.pop(key, None)

    def _fold(self, key: bytes) -> None:
        self._unfolded.pop(key, None)
        broker = self._opened.peek(key)
        if broker is None:
            return  # it was folded when it was closed
        try:
            broker.fold()
        except Corrupt:
            self._quarantine(key)
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
            broker = self._opened.peek(key)
            if broker is not None and broker.pending_rows:
                before_fold()
            self._fold(key)

        self._unsettled.settle(fold)
