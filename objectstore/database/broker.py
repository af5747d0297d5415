"""One open database: its facts, its totals, and its rows.

What is true is the SQLite file with what waits in memory merged over it:
``facts`` (written back when dirty) and ``pending`` rows.  ``fold`` writes both in
one transaction, before any question about rows and soon after changes.  Where the disk
is full the question is asked inside that transaction, which is rolled back then: until
it is committed it needs memory only.  Nothing here waits for a disk: the journal makes
changes durable (``database.changes``).

Calls are made on the hub's thread and each leaves the database consistent.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from objectstore.database import facts_table, sqlite_file
from objectstore.database.facts import Facts
from objectstore.database.facts_table import FORMAT_VERSION, FactsRow
from objectstore.database.listing import Entry, list_page
from objectstore.database.names import NameRange, range_of
from objectstore.database.rows import RowTable, ShownPage, Totals
from objectstore.database.shown_page import Readers, in_turn, show
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, InsufficientStorage
from objectstore.wire.listing_forms import Form
from objectstore.wire.records import DatabaseInfo, ListingQuery, RowsPage

T = TypeVar("T")

# A fold of so many rows takes some 10 ms of the hub's thread.
PENDING_ROWS_MAX = 1000


class NotBegun(Corrupt):
    """A file without facts: its process ended before the first fold."""


class Broker:
    """See the module.  ``facts_written`` is the journal's promise for the latest
    facts; None: they came from the file.  ``from_rows``: the forms in which a row was
    met that shows more than its columns (``database.shown_sql``)."""

    __slots__ = (
        "_cleared",
        "_connection",
        "_dirty",
        "_pending",
        "_readers",
        "_reported",
        "_table",
        "_totals",
        "database_id",
        "facts",
        "facts_written",
        "from_rows",
        "key",
        "path",
    )

    def __init__(self, table: RowTable, key: bytes, path: str, facts: Facts | None):
        """Open the file at ``path``.  ``facts`` are what it starts with if it has
        none yet; ``NotBegun`` without."""
        self.key = key
        self.path = path
        self.facts_written: Promise[Any] | None = None
        self.from_rows: frozenset[Form] = frozenset()
        self._readers = Readers(table, path)
        self._table = table
        self._pending: dict[str, Any] = {}
        self._reported: tuple[int, ...]
        try:
            self._connection = sqlite_file.connect(path)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            is_ours = version == FORMAT_VERSION
            kept = facts_table.read(self._connection) if is_ours else None
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, path) from error
        if kept is not None:
            self.database_id = kept.database_id
            self.facts, self._totals = kept.facts, kept.totals
            self._cleared, self._reported = kept.cleared, kept.reported
            self._dirty = False
        elif facts is not None and is_ours:
            self.database_id = str(uuid.uuid4())
            self.facts = facts
            self._totals, self._cleared = Totals(), 0
            self._reported = ()
            self._dirty = True
        else:
            self._connection.close()
            if is_ours:
                raise NotBegun(path)
            raise Corrupt(f"{path}: not a database of format {FORMAT_VERSION}")

    # ---- facts --------------------------------------------------------------

    def take_facts(self, facts: Facts) -> None:
        """Let these be the database's own facts."""
        if facts != self.facts:
            self.facts = facts
            self._dirty = True
            if facts.deleted_timestamp and self._pending:
                self._pending = {
                    row[0]: row for row in self._surviving(self._pending.values())
                }

    def totals(self) -> Totals:
        """What the rows add up to."""
        if self._pending or self.facts.deleted_timestamp > self._cleared:
            return self._ask(lambda totals: totals)
        return self._totals

    def info(self) -> DatabaseInfo:
        """Facts and totals as they travel."""
        totals, facts = self.totals(), self.facts
        return DatabaseInfo(
            name=facts.container or facts.account,
            created=facts.created,
            put_timestamp=facts.put_timestamp,
            deleted_timestamp=facts.deleted_timestamp,
            status_changed=facts.status_changed,
            metadata=facts.live_metadata,
            object_count=totals.objects,
            bytes_used=totals.used,
            container_count=0 if facts.container else totals.rows,
            policy=facts.policy,
            row_digest=f"{totals.digest:032x}",
            database_id=self.database_id,
            timed_metadata=facts.metadata,
        )

    @property
    def reported(self) -> tuple[int, ...]:
        """What was last told to the account, as the teller wrote it."""
        return self._reported

    @reported.setter
    def reported(self, reported: tuple[int, ...]) -> None:
        self._reported = reported
        self._dirty = True

    # ---- rows ---------------------------------------------------------------

    def merge(self, rows: Iterable[Any]) -> None:
        """Take rows in, at first in memory: of each name the newest stays."""
        kind = self._table.kind
        normal, merge, pending = kind.normal, kind.merge, self._pending
        for row in self._surviving(rows) if self.facts.deleted_timestamp else rows:
            row = normal(row)
            held = pending.get(row[0])
            pending[row[0]] = row if held is None else merge(held, row)

    def _surviving(self, rows: Iterable[Any]) -> Iterable[Any]:
        """Rows that the last deletion did not end."""
        deleted, newest_of = self.facts.deleted_timestamp, self._table.kind.newest_of
        return [row for row in rows if newest_of(row) > deleted]

    @property
    def pending_rows(self) -> int:
        """Rows that are in memory only."""
        return len(self._pending)

    @property
    def is_folded(self) -> bool:
        """Whether the file says it all."""
        return not self._pending and not self._dirty

    def fold(self) -> None:
        """Write what waits in memory to the file, in one transaction."""
        if self._pending or self._dirty:
            self._transact(lambda connection, totals: totals)

    def list(self, query: ListingQuery) -> list[Entry]:
        """One page of live rows and subdirectories."""

        def scan(names: NameRange, limit: int) -> Any:
            return self._table.live(self._connection, names, limit, query.reverse)

        return self._ask(lambda totals: list_page(query, scan))

    def shown(
        self, query: ListingQuery, form: Form, *, with_last: bool = False
    ) -> ShownPage | None:
        """One page of live rows as ``form``, ``with_last`` name if another will
        follow; None when only rows can tell all of it, as of any page with a
        delimiter."""
        if form in self.from_rows or query.delimiter:
            return None
        table, connection = self._table, self._connection
        page = self._ask(
            lambda totals: show(table, connection, query, form, with_last=with_last)
        )
        if page is None:
            self.from_rows |= {form}
        return page

    def shown_apart(self, query: ListingQuery, form: Form) -> ShownPage | None:
        """The same on a native thread, when others' pages are written; the greenlet
        waits."""
        try:
            self.fold()
        except InsufficientStorage:
            return self.shown(query, form)
        page = in_turn(self._readers.show, query, form)
        if page is None:
            self.from_rows |= {form}
        return page

    def rows(self, query: ListingQuery) -> RowsPage:
        """Raw rows with tombstones."""
        names, limit = range_of(query), max(query.limit, 0)
        table, connection = self._table, self._connection
        rows = self._ask(
            lambda totals: table.raw(connection, names, limit + 1, query.reverse)
        )
        return RowsPage(tuple(rows[:limit]), len(rows) <= limit)

    def drop_tombstones(self, before: int, after_name: str, limit: int) -> str:
        """Drop old ones among the next ``limit`` after that name; where to go
        on, "" at the end."""
        table = self._table
        self.fold()
        try:
            rows = table.tombstones(self._connection, after_name, limit)
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self.path) from error
        old = [row for row in rows if table.kind.newest_of(row) < before]
        if old:
            self._transact(
                lambda connection, totals: table.drop_tombstones(
                    connection, old, totals
                )
            )
        return rows[-1][0] if len(rows) == limit else ""

    def close(self) -> None:
        """Close the file.  Blocks: SQLite syncs it."""
        self._readers.close()
        self._connection.close()

    # ---- the file -----------------------------------------------------------

    def _ask(self, question: Callable[[Totals], T]) -> T:
        """The answer of the file with all that waits in memory in it."""
        try:
            self.fold()
        except InsufficientStorage:
            return self._ask_unfolded(question)
        try:
            return question(self._totals)
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self.path) from error

    def _ask_unfolded(self, question: Callable[[Totals], T]) -> T:
        connection = self._connection
        try:
            # Memory is not made free by writing to the disk.
            connection.execute("PRAGMA cache_spill=OFF")
            try:
                with sqlite_file.transaction(connection):
                    return question(self._fold_into())
            finally:
                connection.execute("PRAGMA cache_spill=ON")
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self.path) from error

    def _transact(self, change: Any) -> None:
        """Fold, and ``change(connection, totals)``, in one transaction."""
        connection, facts = self._connection, self.facts
        name, deleted = self.database_id, facts.deleted_timestamp
        try:
            with sqlite_file.transaction(connection):
                totals = change(connection, self._fold_into())
                row = FactsRow(name, facts, totals, deleted, self._reported)
                facts_table.write(connection, row)
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self.path) from error
        self._totals, self._cleared = totals, deleted
        self._pending, self._dirty = {}, False

    def _fold_into(self) -> Totals:
        """What the rows add up to with those that wait, which are in the file until
        the transaction ends."""
        totals = self._totals
        deleted = self.facts.deleted_timestamp
        if deleted > self._cleared:
            totals = self._table.keep_newer(self._connection, deleted)
        if self._pending:
            totals = self._table.fold(self._connection, self._pending, totals)
        return totals
