"""What local container and account nodes have in common: one database's life.

Answers come at once, without a greenlet, except for long pages: those are read
in pieces, so that the other greenlets of the process get their turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from objectstore.database.broker import Broker
from objectstore.database.facts import (
    Facts,
    check_metadata,
    created_by,
    deleted_by,
    posted_by,
)
from objectstore.database.listing import Entry
from objectstore.database.replica import DatabaseReplica
from objectstore.database.rows import ShownPage
from objectstore.database.shown_sql import joined
from objectstore.database.store import DatabaseStore
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, Rejected, RingstackError
from objectstore.replication.owed import CopiesOwed
from objectstore.wire.listing_forms import Form, shown
from objectstore.wire.records import (
    DatabaseCopy,
    DatabaseInfo,
    ListingQuery,
    Receipt,
    RowsPage,
)

T = TypeVar("T")
# The class below has a method called list.
Entries = list[Entry]
Rows = list[Any]
TimedMetadata = Mapping[str, tuple[str, int]]

# Rows read without letting others run: about 2 ms.  A thousand, which clients ask for,
# and the one by which S3's face sees that there are more.
ROWS_PER_TURN = 1001

NOT_FOUND = Receipt(stored=False, found=False)


class LocalDatabaseNode:
    """The part of ``wire.nodes.DatabaseNode`` that both kinds share."""

    def __init__(
        self, databases: DatabaseStore, copies_owed: CopiesOwed | None = None
    ) -> None:
        """``copies_owed`` None: nobody heals, the rounds of replication do."""
        self.databases = databases
        self.changes = databases.changes
        self._replica = DatabaseReplica(databases)
        self._copies_owed = copies_owed

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        """See ``DatabaseNode``."""
        return self._answer(key, self._info, key)

    def list(self, key: bytes, query: ListingQuery) -> Promise[Entries]:
        """See ``DatabaseNode``."""
        if query.limit > ROWS_PER_TURN:
            return concurrency.promised(self._list_in_turns, key, query)
        return self._answer(key, self._list, key, query)

    def shown(self, key: bytes, query: ListingQuery, form: Form) -> Promise[bytes]:
        """See ``DatabaseNode``.  What is longer than a turn's rows is written on a
        native thread."""
        piece = query
        if query.limit > ROWS_PER_TURN:
            piece = replace(query, limit=ROWS_PER_TURN)
        try:
            broker = self._live_or_404(key)
            page = broker.shown(piece, form, with_last=piece is not query)
        except RingstackError as error:
            return Promise.failed(self._noted(key, error))
        if page is not None and (piece is query or page.rows < piece.limit):
            return Promise.of(page.body)
        if page is None:
            if piece is query:
                return self._answer(key, self._shown_from_rows, key, query, form)
            return concurrency.promised(self._shown_from_rows, key, query, form)
        return concurrency.promised(self._with_rest, key, page, query, form)

    def rows(self, key: bytes, query: ListingQuery) -> Promise[RowsPage]:
        """See ``DatabaseNode``."""
        if query.limit > ROWS_PER_TURN:
            return concurrency.promised(self._rows_in_turns, key, query)
        return self._answer(key, self._rows, key, query)

    def post(self, key: bytes, metadata: TimedMetadata) -> Promise[Receipt]:
        """See ``DatabaseNode``.  ``Rejected`` 400 above the metadata limits."""
        return self._promise(key, self._post, key, metadata)

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._promise(key, self._delete, key, timestamp)

    # ---- for replication ----------------------------------------------------------

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[Sequence[bytes]]:
        """See ``DatabaseNode``."""
        return concurrency.promised(self._replica.digests, partitions, part_power)

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Sequence[tuple[bytes, int]]]:
        """See ``DatabaseNode``."""
        return concurrency.promised(
            self._replica.states, partition, part_power, after, limit
        )

    def copy_of(self, key: bytes) -> Promise[DatabaseCopy | None]:
        """See ``DatabaseNode``."""
        return self._answer(key, self._replica.copy_of, key)

    def row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> Promise[Sequence[tuple[int, bytes]]]:
        """See ``DatabaseNode``."""
        return concurrency.promised(self._row_digests, key, ranges)

    def _row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> Sequence[tuple[int, bytes]]:
        return self._answer(key, self._replica.row_digests, key, ranges).result()

    def merge_copy(
        self, key: bytes, copy: DatabaseCopy, rows: Sequence[Any]
    ) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._promise(key, self._replica.merge_copy, key, copy, rows)

    def forget(self, key: bytes, digest: int) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._answer(key, self._replica.forget, key, digest)

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """See ``DatabaseNode``."""
        if self._copies_owed is not None:
            self._copies_owed.add(key, device_ids)

    # ---- outcomes ---------------------------------------------------------------

    def _answer(
        self, key: bytes, function: Callable[..., T], *arguments: Any
    ) -> Promise[T]:
        """The outcome of a call as a promise."""
        try:
            return Promise.of(function(*arguments))
        except RingstackError as error:
            return Promise.failed(self._noted(key, error))

    def _promise(
        self, key: bytes, function: Callable[..., Promise[T]], *arguments: Any
    ) -> Promise[T]:
        """The promise that a call returns, or its error as one."""
        try:
            return function(*arguments)
        except RingstackError as error:
            return Promise.failed(self._noted(key, error))

    def _noted(self, key: bytes, error: RingstackError) -> RingstackError:
        if isinstance(error, Corrupt):
            self.databases.quarantine(key)
        return error

    def _live(self, key: bytes) -> Broker | None:
        broker = self.databases.find(key)
        return broker if broker is not None and broker.facts.is_live else None

    # ---- questions --------------------------------------------------------------

    def _info(self, key: bytes) -> DatabaseInfo | None:
        broker = self.databases.find(key)
        if broker is None or not broker.facts.is_known:
            return None
        return broker.info()

    def _live_or_404(self, key: bytes) -> Broker:
        broker = self._live(key)
        if broker is None:
            raise Rejected(404)
        return broker

    def _list(self, key: bytes, query: ListingQuery) -> Entries:
        return self._live_or_404(key).list(query)

    def _shown_from_rows(self, key: bytes, query: ListingQuery, form: Form) -> bytes:
        return shown(self._list_in_turns(key, query), form)

    def _with_rest(
        self, key: bytes, start: ShownPage, query: ListingQuery, form: Form
    ) -> bytes:
        first = start.body
        rest = replace(query, marker=start.last, limit=query.limit - start.rows)
        broker = self._live_or_404(key)
        try:
            page = broker.shown_apart(rest, form)
        except RingstackError as error:
            raise self._noted(key, error) from error
        if page is not None:
            return joined(first, page.body, form)
        return joined(first, self._shown_from_rows(key, rest, form), form)

    def _rows(self, key: bytes, query: ListingQuery) -> RowsPage:
        broker = self.databases.find(key)
        if broker is None or not broker.facts.is_known:
            raise Rejected(404)
        return broker.rows(query)

    def _list_in_turns(self, key: bytes, query: ListingQuery) -> Entries:
        entries: Entries = []
        piece = replace(query, limit=min(query.limit, ROWS_PER_TURN))
        while True:
            more = self._answer(key, self._list, key, piece).result()
            entries += more
            left = query.limit - len(entries)
            if len(more) < piece.limit or not left:
                return entries
            concurrency.sleep(0)
            # Going on behind a subdirectory by its own name is right in both
            # directions: what lies below it is not listed a second time.
            piece = replace(piece, marker=more[-1][0], limit=min(left, ROWS_PER_TURN))

    def _rows_in_turns(self, key: bytes, query: ListingQuery) -> RowsPage:
        rows: Rows = []
        piece = replace(query, limit=ROWS_PER_TURN)
        while True:
            page = self._answer(key, self._rows, key, piece).result()
            rows += page.rows
            left = query.limit - len(rows)
            if page.complete or not left:
                return RowsPage(tuple(rows), page.complete)
            concurrency.sleep(0)
            marker = page.rows[-1][0]
            piece = replace(piece, marker=marker, limit=min(left, ROWS_PER_TURN))

    # ---- changes ----------------------------------------------------------------

    def _create(
        self,
        key: bytes,
        names: tuple[str, str],
        timestamp: int,
        metadata: TimedMetadata,
        policy: int,
    ) -> Promise[Receipt]:
        broker = self.databases.find(key)
        before = Facts(*names) if broker is None else broker.facts
        if timestamp <= before.deleted_timestamp:
            return Promise.of(Receipt(stored=False, found=before.is_live))
        facts = posted_by(created_by(before, timestamp, policy), metadata)
        check_metadata(facts)
        receipt = Receipt(timestamp >= before.put_timestamp, before.is_live)
        if broker is None:
            broker = self.databases.find_or_create(key, *names)
        return self.changes.write_facts(broker, facts, receipt)

    def _post(self, key: bytes, metadata: TimedMetadata) -> Promise[Receipt]:
        broker = self._live(key)
        if broker is None:
            return Promise.of(NOT_FOUND)
        facts = posted_by(broker.facts, metadata)
        check_metadata(facts)
        is_taken = not metadata or any(
            facts.metadata.get(name) == item for name, item in metadata.items()
        )
        return self.changes.write_facts(broker, facts, Receipt(is_taken))

    def _delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        broker = self.databases.find(key)
        if broker is None:
            return Promise.of(NOT_FOUND)
        facts = broker.facts
        if not facts.is_live:
            # One that comes again, its first answer having got lost, is answered as it
            # was then, when that is durable.
            if timestamp != facts.deleted_timestamp:
                return Promise.of(NOT_FOUND)
            return self.changes.write_facts(broker, facts, Receipt(stored=True))
        if timestamp < facts.put_timestamp:
            return Promise.of(Receipt(stored=False))
        if broker.totals().rows:
            raise Rejected(409)
        facts = deleted_by(facts, timestamp)
        return self.changes.write_facts(broker, facts, Receipt(stored=True))
