"""Pages of listings that SQLite writes: here, or beside the hub's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from objectstore.database import sqlite_file
from objectstore.database.names import range_of
from objectstore.database.rows import RowTable, ShownPage
from objectstore.database.shown_sql import is_plain
from objectstore.kernel import concurrency
from objectstore.wire.listing_forms import Form
from objectstore.wire.records import ListingQuery

T = TypeVar("T")

# Of a reader: a page of 10,000 rows, and as much again.
CACHE_KIB = 3 * 1024
# Of a database: each has three descriptors.
READERS_KEPT = 1
# Of a process: other work on native threads, syncs above all, needs threads too.
PAGES_AT_ONCE = 4
_turns = concurrency.Pool(PAGES_AT_ONCE)


def in_turn(function: Callable[..., T], *arguments: Any) -> T:
    """Call on a native thread, when those who came before are done; the greenlet
    waits.  One that is killed meanwhile leaves the call to its thread."""
    task = _turns.spawn(concurrency.offload, function, *arguments)
    done: T = concurrency.wait_task(task)
    return done


def show(
    table: RowTable,
    connection: sqlite3.Connection,
    query: ListingQuery,
    form: Form,
    *,
    with_last: bool = False,
) -> ShownPage | None:
    """The page of a query without a delimiter, ``with_last`` name if another will
    follow; None when only rows can tell all of it.  Raises ``sqlite3.Error``."""
    if not table.writes(form):
        return None
    names, limit = range_of(query), max(query.limit, 0)
    page = table.shown(
        connection, names, limit, query.reverse, form, with_last=with_last
    )
    return page if is_plain(page.body, form) else None


class Reader:
    """A connection of a native thread's, for one page at a time: two threads cannot
    use one.  Kept for the next page with what it has cached: to open one and read a
    page's 300 pages anew costs 2 ms of 12."""

    def __init__(self, table: RowTable, path: str) -> None:
        self._table = table
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def show(self, query: ListingQuery, form: Form) -> ShownPage | None:
        """The page; None when only rows can tell all of it.  Blocks; raises the
        house's errors."""
        try:
            if self._connection is None:
                self._connection = sqlite_file.connect(self._path)
                self._connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            return show(self._table, self._connection, query, form)
        except sqlite3.Error as error:
            raise sqlite_file.translated(error, self._path) from error

    def close(self) -> None:
        """Close the file.  Blocks if nobody else has it open: SQLite syncs it."""
        if self._connection is not None:
            self._connection.close()


class Readers:
    """Of one database, for pages that native threads write."""

    def __init__(self, table: RowTable, path: str) -> None:
        self._table = table
        self._path = path
        self._kept: list[Reader] = []
        self._is_closed = False

    def show(self, query: ListingQuery, form: Form) -> ShownPage | None:
        """See ``Reader``.  Several threads at a time."""
        kept = self._kept
        reader = kept.pop() if kept else Reader(self._table, self._path)
        page = reader.show(query, form)
        if len(kept) < READERS_KEPT and not self._is_closed:
            kept.append(reader)
        else:
            reader.close()
        return page

    def close(self) -> None:
        """Those that are kept, and those that are at work when they are done."""
        self._is_closed = True
        for reader in self._kept:
            reader.close()
