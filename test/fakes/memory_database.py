"""Container and account nodes in memory: obviously correct, for tests.

A database is its facts and a dictionary of rows; every question walks all of
it.  The rules of merging are the product's own (they are pure and have tests
of their own); listing is written out here a second time, the slow and simple
way, so that the suite in ``test/contract/nodes`` compares two answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from objectstore.database import facts as rules
from objectstore.database.copies import copy_with, digest_of_copy, facts_of
from objectstore.database.facts import Facts
from objectstore.database.merge import (
    Row,
    is_live,
    merge_rows,
    normal_container_row,
    normal_object_row,
)
from objectstore.database.row_levelling import digest_of_rows
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected
from objectstore.replication.differences import digest_of_all
from objectstore.wire.listing_forms import Form, shown
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    DatabaseCopy,
    DatabaseInfo,
    ListingQuery,
    ObjectRow,
    Receipt,
    RowsPage,
    Subdirectory,
)

Timed = Mapping[str, tuple[str, int]]


def normal_row(row: Row) -> Row:
    """``normal_object_row`` or ``normal_container_row``."""
    if isinstance(row, ObjectRow):
        return normal_object_row(row)
    return normal_container_row(row)


class MemoryDatabase:
    """One account's or container's rows and facts."""

    def __init__(self, facts: Facts, database_id: str) -> None:
        self.facts = facts
        self.database_id = database_id
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
        facts = self.facts
        return DatabaseInfo(
            name=facts.container or facts.account,
            created=facts.created,
            put_timestamp=facts.put_timestamp,
            deleted_timestamp=facts.deleted_timestamp,
            status_changed=facts.status_changed,
            metadata=facts.live_metadata,
            object_count=len(objects) + sum(row.object_count for row in containers),
            bytes_used=sum(row.size for row in objects)
            + sum(row.bytes_used for row in containers),
            container_count=len(containers),
            policy=facts.policy,
            row_digest=f"{digest:032x}",
            database_id=self.database_id,
            timed_metadata=facts.metadata,
        )

    def copy(self) -> DatabaseCopy:
        """What replication compares; row digests are the product's own rule."""
        _, digest = digest_of_rows(self.rows.values())
        return copy_with(self.facts, digest.hex())

    def merge(self, rows: Iterable[Any]) -> None:
        """Take rows over, but those that a DELETE of the database has ended."""
        for row in map(normal_row, rows):
            if newest_of(row) > self.facts.deleted_timestamp:
                held = self.rows.get(row.name)
                self.rows[row.name] = merge_rows(held, row) if held else row

    def end(self, timestamp: int) -> None:
        """A DELETE: it ends everything that is not newer."""
        self.facts = rules.deleted_by(self.facts, timestamp)
        self.rows = {
            name: row for name, row in self.rows.items() if newest_of(row) > timestamp
        }

    def within(self, query: ListingQuery) -> list[Any]:
        """All rows between the markers and under the prefix, in order."""
        low, high = query.marker, query.end_marker
        if query.reverse:
            low, high = high, low
        rows = [
            row
            for name, row in sorted(self.rows.items())
            if name.startswith(query.prefix)
            and (not low or low < name)
            and (not high or name < high)
        ]
        return rows[::-1] if query.reverse else rows

    def listing(self, query: ListingQuery) -> list[Any]:
        """One page of live rows, rolled up at the delimiter."""
        entries: list[Any] = []
        low = query.end_marker if query.reverse else query.marker
        for row in filter(is_live, self.within(query)):
            if row.name == query.prefix and not query.include_prefix_itself:
                continue
            rest = row.name[len(query.prefix) :]
            if not query.delimiter or query.delimiter not in rest:
                entries.append(row)
                continue
            end = rest.index(query.delimiter) + len(query.delimiter)
            directory = Subdirectory(query.prefix + rest[:end])
            if not query.include_prefix_itself:
                if row.name == directory.name:
                    entries.append(row)
            elif directory.name != low and directory not in entries[-1:]:
                entries.append(directory)
        return entries[: query.limit]


def newest_of(row: ObjectRow | ContainerRow) -> int:
    """The timestamp of a row's newest put or delete."""
    if isinstance(row, ObjectRow):
        return row.timestamp
    return max(row.timestamp, row.deleted_timestamp)


class _MemoryDatabases:
    """What both kinds of node have in common.  ``databases`` is for tests."""

    def __init__(self) -> None:
        self.databases: dict[bytes, MemoryDatabase] = {}
        self.copies_owed: dict[bytes, set[int]] = {}

    def _live(self, key: bytes) -> MemoryDatabase | None:
        database = self.databases.get(key)
        return database if database and database.facts.is_live else None

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        database = self.databases.get(key)
        return Promise.of(database.info() if database else None)

    def list(self, key: bytes, query: ListingQuery) -> Promise[list[Any]]:
        database = self._live(key)
        if database is None:
            return Promise.failed(Rejected(404, "no such database"))
        return Promise.of(database.listing(query))

    def shown(self, key: bytes, query: ListingQuery, form: Form) -> Promise[bytes]:
        database = self._live(key)
        if database is None:
            return Promise.failed(Rejected(404, "no such database"))
        return Promise.of(shown(database.listing(query), form))

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
        return Promise.of(Receipt(self._take_metadata(database, metadata)))

    def _take_metadata(self, database: MemoryDatabase, metadata: Timed) -> bool:
        """Merge; whether any of it is now what is held, or there was nothing."""
        database.facts = rules.posted_by(database.facts, metadata)
        held = database.facts.metadata
        return not metadata or any(
            held.get(name) == item for name, item in metadata.items()
        )

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        database = self.databases.get(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        if not database.facts.is_live:
            is_repeated = database.facts.deleted_timestamp == timestamp
            return Promise.of(Receipt(is_repeated, is_repeated))
        if timestamp < database.facts.put_timestamp:
            database.end(timestamp)
            return Promise.of(Receipt(stored=False))
        if any(map(is_live, database.rows.values())):
            return Promise.failed(Rejected(409, "not empty"))
        database.end(timestamp)
        return Promise.of(Receipt(stored=True))

    def digests(self, partitions: Sequence[int], part_power: int) -> Promise[Any]:
        return Promise.of(
            [
                digest_of_all(
                    digest for _, digest in self._digests(partition, part_power)
                )
                for partition in partitions
            ]
        )

    def _digests(self, partition: int, part_power: int) -> Any:
        shift = 32 - part_power
        return [
            (key, digest_of_copy(database.copy()))
            for key, database in sorted(self.databases.items())
            if int.from_bytes(key[:4], "big") >> shift == partition
        ]

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Any]:
        found = self._digests(partition, part_power)
        return Promise.of([pair for pair in found if pair[0] > after][:limit])

    def copy_of(self, key: bytes) -> Promise[DatabaseCopy | None]:
        database = self.databases.get(key)
        return Promise.of(database.copy() if database else None)

    def row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> Promise[Any]:
        database = self.databases.get(key)
        if database is None:
            return Promise.failed(Rejected(404, "no such database"))
        rows = database.rows
        return Promise.of(
            [
                digest_of_rows(
                    rows[name]
                    for name in rows
                    if after < name and (not until or name <= until)
                )
                for after, until in ranges
            ]
        )

    def merge_copy(
        self, key: bytes, copy: DatabaseCopy, rows: Sequence[Any]
    ) -> Promise[Receipt]:
        database = self.databases.get(key)
        if database is None:
            facts = Facts(copy.account, copy.container)
            database = MemoryDatabase(facts, f"memory-{len(self.databases)}")
            self.databases[key] = database
        database.facts = rules.join(database.facts, facts_of(copy))
        database.end(database.facts.deleted_timestamp)
        database.merge(rows)
        return Promise.of(Receipt(stored=True))

    def forget(self, key: bytes, digest: int) -> Promise[Receipt]:
        database = self.databases.get(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        if digest_of_copy(database.copy()) != digest:
            return Promise.of(Receipt(stored=False))
        del self.databases[key]
        return Promise.of(Receipt(stored=True))

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        self.copies_owed.setdefault(key, set()).update(device_ids)

    def _create(
        self, key: bytes, facts: Facts, timestamp: int, metadata: Timed, policy: int
    ) -> Promise[Receipt]:
        database = self.databases.get(key)
        if database is None:
            database = MemoryDatabase(facts, f"memory-{len(self.databases)}")
            self.databases[key] = database
        found = database.facts.is_live
        newest = timestamp > database.facts.deleted_timestamp
        newest = newest and timestamp >= database.facts.put_timestamp
        database.facts = rules.created_by(database.facts, timestamp, policy)
        self._take_metadata(database, metadata)
        return Promise.of(Receipt(newest, found))


class MemoryContainerNode(_MemoryDatabases):
    """One device's containers."""

    gathers_rows = False

    def create(
        self,
        key: bytes,
        name: ContainerName,
        timestamp: int,
        metadata: Timed,
        policy: int,
    ) -> Promise[Receipt]:
        facts = Facts(name.account, name.container)
        return self._create(key, facts, timestamp, metadata, policy)

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        database.merge(rows)
        return Promise.of(Receipt(stored=True))


class MemoryAccountNode(_MemoryDatabases):
    """One device's accounts."""

    def create(
        self, key: bytes, account: str, timestamp: int, metadata: Timed
    ) -> Promise[Receipt]:
        return self._create(key, Facts(account), timestamp, metadata, policy=0)

    def merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        found = self._live(key) is not None
        if not found and rows:
            newest = max(map(newest_of, rows))
            self._create(key, Facts(account), newest, {}, policy=0)
        database = self._live(key)
        if database is None:
            return Promise.of(Receipt(stored=False, found=False))
        database.merge(rows)
        return Promise.of(Receipt(stored=True, found=found))
