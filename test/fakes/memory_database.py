"""Container and account nodes in memory: obviously correct, for tests.

A database is a dictionary of rows; every question walks all of it.  The rules
of merging are written out here a second time on purpose: the suite in
``test/contract/nodes`` compares these nodes with the real ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    DatabaseInfo,
    ListingQuery,
    ObjectRow,
    Receipt,
    RowsPage,
    Subdirectory,
)

Timed = Mapping[str, tuple[str, int]]


def merge_object_rows(held: ObjectRow, coming: ObjectRow) -> ObjectRow:
    """Newest wins, part by part; a tombstone wins ties."""
    data = max(held, coming, key=lambda row: (row.timestamp, row.deleted))
    if data.deleted:
        return data
    parts = [row for row in (held, coming) if not row.deleted]
    kind = max(parts, key=lambda row: row.content_type_timestamp)
    return data._replace(
        content_type=kind.content_type,
        content_type_timestamp=kind.content_type_timestamp,
        modified=max(row.modified for row in parts),
    )


def merge_container_rows(held: ContainerRow, coming: ContainerRow) -> ContainerRow:
    """Newest wins, part by part."""
    counts = max(held, coming, key=lambda row: row.counted_timestamp)
    return counts._replace(
        timestamp=max(held.timestamp, coming.timestamp),
        deleted_timestamp=max(held.deleted_timestamp, coming.deleted_timestamp),
        policy=max(held, coming, key=lambda row: row.timestamp).policy,
    )


def is_live(row: ObjectRow | ContainerRow) -> bool:
    """Whether a listing shows it."""
    if isinstance(row, ObjectRow):
        return not row.deleted
    return row.timestamp > row.deleted_timestamp


class MemoryDatabase:
    """One account's or container's rows and facts."""

    def __init__(self, name: str, database_id: str) -> None:
        self.facts = DatabaseInfo(name, 0, 0, 0, 0, {}, 0, 0, 0, 0, "", database_id)
        self.metadata: dict[str, tuple[str, int]] = {}
        self.rows: dict[str, Any] = {}

    def info(self) -> DatabaseInfo:
        """The facts, counted afresh."""
        live = [row for row in self.rows.values() if is_live(row)]
        objects = [row for row in live if isinstance(row, ObjectRow)]
        containers = [row for row in live if isinstance(row, ContainerRow)]
        digest = 0
        for row in self.rows.values():
            each = hashlib.md5(repr(tuple(row)).encode()).digest()
            digest ^= int.from_bytes(each, "big")
        return replace(
            self.facts,
            metadata={name: text for name, (text, _) in self.metadata.items() if text},
            object_count=len(objects) + sum(row.object_count for row in containers),
            bytes_used=sum(row.size for row in objects)
            + sum(row.bytes_used for row in containers),
            container_count=len(containers),
            row_digest=f"{digest:032x}",
            timed_metadata=dict(self.metadata),
        )

    def merge_metadata(self, items: Timed) -> bool:
        """Take newer items; whether any was taken, or there were none."""
        fresh = {
            name: item
            for name, item in items.items()
            if item[1] >= self.metadata.get(name, ("", 0))[1]
        }
        self.metadata.update(fresh)
        return bool(fresh) or not items

    def merge_rows(self, rows: Sequence[Any]) -> None:
        """Take rows over, each merged with what is held."""
        for row in rows:
            held = self.rows.get(row.name, row)
            merge = (
                merge_object_rows
                if isinstance(row, ObjectRow)
                else merge_container_rows
            )
            self.rows[row.name] = merge(held, row)

    def within(self, query: ListingQuery) -> list[Any]:
        """All rows between the markers and under the prefix, in order."""
        low, high = query.marker, query.end_marker
        if query.reverse:
            low, high = high, low
        rows = [
            row
            for name, row in sorted(
                self.rows.items(), key=lambda item: item[0].encode()
            )
            if name.startswith(query.prefix)
            and (not low or name.encode() > low.encode())
            and (not high or name.encode() < high.encode())
        ]
        return rows[::-1] if query.reverse else rows

    def listing(self, query: ListingQuery) -> list[Any]:
        """One page of live rows, rolled up at the delimiter."""
        entries: list[Any] = []
        low = query.end_marker if query.reverse else query.marker
        for row in filter(is_live, self.within(query)):
            entry: Any = row
            if row.name == query.prefix and not query.include_prefix_itself:
                continue
            rest = row.name[len(query.prefix) :]
            if query.delimiter and query.delimiter in rest:
                end = rest.index(query.delimiter) + len(query.delimiter)
                entry = Subdirectory(query.prefix + rest[:end])
                if entry.name == low or entry in entries[-1:]:
                    continue
            entries.append(entry)
        return entries[: query.limit]


class _MemoryDatabases:
    """What both kinds of node have in common.  ``databases`` is for tests."""

    def __init__(self) -> None:
        self.databases: dict[bytes, MemoryDatabase] = {}

    def _live(self, key: bytes) -> MemoryDatabase | None:
        database = self.databases.get(key)
        return database if database and database.facts.exists else None

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        database = self.databases.get(key)
        return Promise.of(database.info() if database else None)

    def list(self, key: bytes, query: ListingQuery) -> Promise[list[Any]]:
        database = self._live(key)
        if database is None:
            return Promise.failed(Rejected(404, "no such database"))
        return Promise.of(database.listing(query))

    def rows(self, key: bytes, query: ListingQuery) -> Promise[RowsPage]:
        database = self.databases.get(key)
        if database is None:
            return Promise.failed(Rejected(404, "no such database"))
        rows = database.within(query)
        page = tuple(rows[: query.limit])
        return Promise.of(RowsPage(page, len(page) == len(rows)))

    def post(self, key: bytes, metadata: Timed) -> Promise[Receipt]:
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        return Promise.of(Receipt(database.merge_metadata(metadata)))

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        facts = database.facts
        if timestamp < facts.put_timestamp:
            return Promise.of(Receipt(stored=False))
        if any(map(is_live, database.rows.values())):
            return Promise.failed(Rejected(409, "not empty"))
        database.facts = replace(
            facts, deleted_timestamp=timestamp, status_changed=timestamp
        )
        database.merge_metadata(dict.fromkeys(database.metadata, ("", timestamp)))
        return Promise.of(Receipt(stored=True))

    def _create(
        self, key: bytes, name: str, timestamp: int, metadata: Timed, policy: int
    ) -> Promise[Receipt]:
        database = self.databases.setdefault(
            key, MemoryDatabase(name, f"memory-{len(self.databases)}-{id(self):x}")
        )
        facts = database.facts
        found = facts.exists
        if timestamp <= facts.deleted_timestamp:
            return Promise.of(Receipt(stored=False, found=found))
        database.facts = replace(
            facts,
            created=facts.created or timestamp,
            put_timestamp=max(facts.put_timestamp, timestamp),
            status_changed=facts.status_changed if found else timestamp,
            policy=facts.policy if found else policy,
        )
        database.merge_metadata(metadata)
        return Promise.of(Receipt(timestamp >= facts.put_timestamp, found))


class MemoryContainerNode(_MemoryDatabases):
    """One device's containers."""

    def create(
        self,
        key: bytes,
        name: ContainerName,
        timestamp: int,
        metadata: Timed,
        policy: int,
    ) -> Promise[Receipt]:
        return self._create(key, name.container, timestamp, metadata, policy)

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        database.merge_rows(rows)
        return Promise.of(Receipt(stored=True))


class MemoryAccountNode(_MemoryDatabases):
    """One device's accounts."""

    def create(
        self, key: bytes, account: str, timestamp: int, metadata: Timed
    ) -> Promise[Receipt]:
        return self._create(key, account, timestamp, metadata, policy=0)

    def merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        found = self._live(key) is not None
        if not found and rows:
            newest = max(max(row.timestamp, row.deleted_timestamp) for row in rows)
            self._create(key, account, newest, {}, policy=0)
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        database.merge_rows(rows)
        return Promise.of(Receipt(stored=True, found=found))
