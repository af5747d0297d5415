"""Listings by walking every name: slow, and plain to see that it is right."""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.database.listing import Entry
from objectstore.database.merge import Row, is_live
from objectstore.wire.records import ListingQuery, Subdirectory


def model_rows(rows: Iterable[Row], query: ListingQuery) -> list[Row]:
    """All rows between the markers and under the prefix, in order."""
    low, high = query.marker, query.end_marker
    if query.reverse:
        low, high = high, low
    inside = [
        row
        for row in rows
        if row.name.startswith(query.prefix)
        and (not low or row.name.encode() > low.encode())
        and (not high or row.name.encode() < high.encode())
        and (query.include_prefix_itself or row.name != query.prefix)
    ]
    return sorted(inside, key=lambda row: row.name.encode(), reverse=query.reverse)


def model_listing(rows: Iterable[Row], query: ListingQuery) -> list[Entry]:
    """The page of the query."""
    low = query.end_marker if query.reverse else query.marker
    entries: list[Entry] = []
    for row in filter(is_live, model_rows(rows, query)):
        rest = row.name[len(query.prefix) :]
        entry: Entry = row
        if query.delimiter and query.delimiter in rest:
            end = rest.index(query.delimiter) + len(query.delimiter)
            if query.include_prefix_itself:
                entry = Subdirectory(query.prefix + rest[:end])
                if entry.name == low or entry in entries:
                    continue
            elif end < len(rest):
                continue
        entries.append(entry)
    return entries[: query.limit]
