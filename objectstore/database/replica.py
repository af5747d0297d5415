"""A device's databases as its peers' replication sees them.

The part of ``wire.nodes.DatabaseNode`` below "for replication".  What takes long
lets the other greenlets of the process run in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from objectstore.database.copies import copy_with, digest_of_copy, facts_of
from objectstore.database.database_digests import DatabaseDigests
from objectstore.database.facts import join
from objectstore.database.journal_records import all_kept
from objectstore.database.row_levelling import digest_of_rows
from objectstore.database.store import DatabaseStore
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, Rejected
from objectstore.replication.differences import digest_of_all
from objectstore.wire.records import DatabaseCopy, ListingQuery, Receipt

# Rows digested without letting others run: about 3 ms.
ROWS_PER_TURN = 1000
STORED = Receipt(stored=True)


class DatabaseReplica:
    """See the module."""

    def __init__(self, databases: DatabaseStore) -> None:
        self._databases = databases
        self._digests = DatabaseDigests(self._digest)
        databases.changes.on_change(self._digests.changed)
        databases.on_drop(self._digests.changed)

    def _digest(self, key: bytes) -> int | None:
        try:
            copy = self.copy_of(key)
        except Corrupt:
            # Aside from now on: the peers see that it is not here.
            self._databases.quarantine(key)
            return None
        return None if copy is None else digest_of_copy(copy)

    def digests(self, partitions: Sequence[int], part_power: int) -> list[bytes]:
        """See ``DatabaseNode``."""
        if not partitions:
            return []
        # One walk over the range that holds them all: partitions come in runs.
        keys = list(self._keys(min(partitions), max(partitions), part_power))
        found: dict[int, list[int]] = {}
        shift = 32 - part_power
        wanted = set(partitions)
        for key, digest in self._digests.of(
            key for key in keys if int.from_bytes(key[:4], "big") >> shift in wanted
        ):
            found.setdefault(int.from_bytes(key[:4], "big") >> shift, []).append(digest)
        return [digest_of_all(found.get(each, ())) for each in partitions]

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> list[tuple[bytes, int]]:
        """See ``DatabaseNode``."""
        keys = (key for key in self._keys(partition, partition, part_power, after))
        found: list[tuple[bytes, int]] = []
        while len(found) < limit:
            some = list(islice(keys, limit - len(found)))
            if not some:
                break
            found += self._digests.of(some)
        return found

    def _keys(
        self, first: int, last: int, part_power: int, after: bytes = b""
    ) -> Iterator[bytes]:
        shift = 32 - part_power
        low = (first << shift).to_bytes(4, "big")
        high = (last + 1) << shift
        stop = None if high >> 32 else high.to_bytes(4, "big")
        keys: Iterable[bytes] = self._databases.keys(max(low, after), stop)
        return (key for key in keys if key > after)

    def copy_of(self, key: bytes) -> DatabaseCopy | None:
        """See ``DatabaseNode``."""
        broker = self._databases.find(key)
        if broker is None or not broker.facts.is_known:
            return None
        return copy_with(broker.facts, f"{broker.totals().digest:032x}")

    def row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> list[tuple[int, bytes]]:
        """See ``DatabaseNode``."""
        return [digest_of_rows(self._rows(key, *each)) for each in ranges]

    def _rows(self, key: bytes, after: str, until: str) -> Iterator[Any]:
        query = range_query(after, until, ROWS_PER_TURN)
        while True:
            broker = self._databases.find(key)
            if broker is None:
                raise Rejected(404)
            page = broker.rows(query)
            yield from page.rows
            if page.complete:
                return
            concurrency.sleep(0)
            query = range_query(page.rows[-1].name, until, ROWS_PER_TURN)

    def merge_copy(
        self, key: bytes, copy: DatabaseCopy, rows: Sequence[Any]
    ) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        databases, coming = self._databases, facts_of(copy)
        if not coming.is_known:
            raise Rejected(422, "a copy of nothing")
        broker = databases.find_or_create(key, copy.account, copy.container)
        facts = join(broker.facts, coming)
        promises = [databases.changes.write_facts(broker, facts, STORED)]
        if rows:
            promises.append(databases.changes.write_rows(broker, rows, STORED))
        return all_kept(promises, STORED)

    def forget(self, key: bytes, digest: int) -> Receipt:
        """See ``DatabaseNode``."""
        copy = self.copy_of(key)
        if copy is None:
            return Receipt(stored=False, found=False)
        if digest_of_copy(copy) != digest:
            return Receipt(stored=False)
        self._databases.remove(key)
        return STORED


def range_query(after: str, until: str, limit: int) -> ListingQuery:
    """Rows behind ``after`` up to and with ``until`` ("": no bound)."""
    # The least name that is greater: end markers are exclusive.
    end = until + "\0" if until else ""
    return ListingQuery(limit=limit, marker=after, end_marker=end)
