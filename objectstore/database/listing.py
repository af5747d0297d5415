"""Listings: one page of entries out of rows in name order, by skipping.

``list_page`` knows the rules: markers, prefix, delimiter, direction, limit.  It
sees the rows only through ``Scan``, "live rows of this range in this order",
and asks for a new scan behind each subdirectory that it rolls up instead of
walking the names below it.  SQLite answers scans for one database
(``database.rows``); ``merge_listing`` answers them out of several replicas'
raw rows.

The rules are those of Swift's API:

* both markers are exclusive; a subdirectory that equals the lower marker is not
  listed again, though names below it lie above the marker;
* a subdirectory counts as one entry, and is there only while a live name is;
* a ``path`` query (``include_prefix_itself`` False) rolls nothing up: it lists
  what lies directly below the path, names that end in the delimiter included,
  and leaves deeper names out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from objectstore.database.merge import Row, is_live, merge_rows
from objectstore.database.names import NameRange, after_prefix, below, range_of
from objectstore.wire.records import ListingQuery, RowsPage, Subdirectory

Entry = Row | Subdirectory

Scan = Callable[[NameRange, int], Iterator[Row]]
"""At most so many live rows of the range, in the query's direction."""

Fetcher = Callable[[ListingQuery], RowsPage]
"""One replica's raw rows, tombstones included; waits for them."""

# Rows fetched from a replica at a time: some 150 KiB, one short turn of the
# node's process.
FETCH_ROWS = 1000


def list_page(query: ListingQuery, scan: Scan) -> list[Entry]:
    """At most ``query.limit`` entries of the query."""
    if not query.delimiter:
        return list(scan(range_of(query), query.limit)) if query.limit > 0 else []
    return _RolledUp(query).page(scan)


class _RolledUp:
    """A page of a query with a delimiter."""

    def __init__(self, query: ListingQuery) -> None:
        self._query = query
        self._low_marker = query.end_marker if query.reverse else query.marker

    def page(self, scan: Scan) -> list[Entry]:
        """Scan, and scan again behind each subdirectory."""
        query = self._query
        entries: list[Entry] = []
        names: NameRange | None = range_of(query)
        while names is not None and len(entries) < query.limit:
            names = self._take(scan(names, query.limit - len(entries)), entries, names)
        return entries

    def _take(
        self, rows: Iterator[Row], entries: list[Entry], names: NameRange
    ) -> NameRange | None:
        """Append entries up to the next subdirectory; the range behind it."""
        delimiter, start = self._query.delimiter, len(self._query.prefix)
        for row in rows:
            name = row[0]
            end = name.find(delimiter, start)
            if end < 0:
                entries.append(row)
                continue
            directory = name[: end + len(delimiter)]
            if not self._query.include_prefix_itself:
                if name == directory:
                    entries.append(row)
                    continue
                # The name that equals the directory is still to come in reverse.
                return self._behind(directory, directory + "\0", names)
            if directory != self._low_marker:
                entries.append(Subdirectory(directory))
            return self._behind(directory, directory, names)
        return None

    def _behind(self, directory: str, high: str, names: NameRange) -> NameRange | None:
        if self._query.reverse:
            return names._replace(high=high)
        low = after_prefix(directory)
        return None if low is None else NameRange(low, True, names.high)


def merge_listing(query: ListingQuery, fetchers: Sequence[Fetcher]) -> list[Entry]:
    """The page that a database holding all the replicas' rows would give."""
    return list_page(query, _MergedScan(query, fetchers))


class _MergedScan:
    """Scans over the rows of several replicas, merged name by name."""

    def __init__(self, query: ListingQuery, fetchers: Sequence[Fetcher]) -> None:
        self._reverse = query.reverse
        self._sources = [_Source(fetch, query) for fetch in fetchers]

    def __call__(self, names: NameRange, limit: int) -> Iterator[Row]:
        sources = self._sources
        first = max if self._reverse else min
        for source in sources:
            source.seek(names)
        while limit:
            sources = [source for source in sources if source.fill()]
            if not sources:
                return
            name = first(source.head[0] for source in sources)
            merged: Row | None = None
            for source in sources:
                if source.head[0] == name:
                    row = source.take()
                    merged = row if merged is None else merge_rows(merged, row)
            assert merged is not None
            if merged[0] in names and is_live(merged):
                limit -= 1
                yield merged


class _Source:
    """One replica's rows: pages fetched as they are needed.

    After ``fill`` said True, ``head`` is the next row and ``take`` removes it.
    """

    def __init__(self, fetch: Fetcher, query: ListingQuery) -> None:
        self._fetch = fetch
        limit = max(1, min(query.limit, FETCH_ROWS))
        self._query = replace(
            query, delimiter="", limit=limit, include_prefix_itself=True
        )
        self._rows: Sequence[Row] = ()
        self._next = 0
        self._complete = False

    @property
    def head(self) -> Row:
        """The next row, which stays."""
        return self._rows[self._next]

    def take(self) -> Row:
        """The next row, removed."""
        row = self._rows[self._next]
        self._next += 1
        return row

    def fill(self) -> bool:
        """Fetch a page if none is left; False at the end."""
        while self._next >= len(self._rows):
            if self._complete:
                return False
            page = self._fetch(self._query)
            self._rows, self._next = page.rows, 0
            self._complete = page.complete or not page.rows
            if page.rows:
                # Later pages are full ones: a page that was too small for the
                # limit (tombstones, subdirectories) shall not be so again.
                self._query = replace(
                    self._query, marker=page.rows[-1][0], limit=FETCH_ROWS
                )
        return True

    def seek(self, names: NameRange) -> None:
        """Drop what comes before the range."""
        rows = self._rows
        if self._query.reverse:
            while self._next < len(rows) and _not_below(rows[self._next], names.high):
                self._next += 1
            marker = names.high or ""
            is_ahead = bool(marker) and (
                not self._query.marker or marker < self._query.marker
            )
        else:
            self._next = bisect_left(
                rows, names.low, self._next, len(rows), key=lambda row: row[0]
            )
            marker = below(names.low) if names.low_included else names.low
            is_ahead = marker > self._query.marker
        if self._next >= len(rows) and is_ahead:
            self._query = replace(self._query, marker=marker)


def _not_below(row: Row, high: str | None) -> bool:
    return high is not None and row[0] >= high
