"""Questions to the index about many rows: a partition's, a page's, those that expire.

Asked of SQLite, with what waits in memory upon it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

from objectstore.object.index.damage import IndexDamage
from objectstore.object.index.digests import (
    AFTER_ALL_KEYS,
    BUCKET_POWER,
    Digests,
    digest_of_states,
    partition_range,
)
from objectstore.object.index.expiring import Due, Expiring
from objectstore.object.index.ordered_rows import (
    Waiting,
    bodiless_between,
    digests_between,
    nth_key,
    page_after,
)
from objectstore.object.records.state import Held

PAGE_ROWS = 1000


class IndexRanges:
    """Of one index; on the hub's thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        waiting: Callable[[bytes, bytes], Waiting],
        digests: Digests,
        expiring: Expiring,
        damage: IndexDamage,
    ) -> None:
        """``waiting`` gives the rows between two keys that SQLite may not have yet."""
        self._connection = connection
        self._waiting = waiting
        self._digests = digests
        self._expiring = expiring
        self._damage = damage

    def partition_digest(self, partition: int, part_power: int) -> bytes:
        """Over all states of the partition."""
        if part_power <= BUCKET_POWER:
            return self._digests.partition(partition, part_power)
        states = self.states(partition, part_power, b"", -1)
        return digest_of_states(digest for _, digest in states)

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> list[tuple[bytes, int]]:
        """(key, digest) after ``after``, in key order; ``limit`` -1: all."""
        first, stop = partition_range(partition, part_power)
        # Keys are compared as bytes: 15 bytes sort before the first key of 16.
        lower = max(after, first[:15])
        waiting = self._waiting(lower, stop)
        with self._damage:
            return digests_between(self._connection, waiting, lower, stop, limit)

    def page(self, after: bytes, limit: int) -> list[tuple[bytes, Held]]:
        """Up to ``limit`` rows after the key ``after``, in key order."""
        waiting = self._waiting(after, AFTER_ALL_KEYS)
        decode = self._damage.decoded
        with self._damage:
            return page_after(self._connection, waiting, decode, after, limit)

    def bodiless(
        self, after: bytes, limit: int
    ) -> tuple[list[tuple[bytes, Held]], bytes]:
        """Those without a body among about ``limit`` rows after the key ``after``, in
        key order, and the key to go on after (b"": there are no more)."""
        connection, decode = self._connection, self._damage.decoded
        with self._damage:
            last = nth_key(connection, after, limit)
            stop = AFTER_ALL_KEYS if last is None else last + b"\0"
            waiting = self._waiting(after, stop)
            page = bodiless_between(connection, waiting, decode, after, stop)
        return page, last or b""

    def rows(self) -> Iterator[tuple[bytes, Held]]:
        """Every row, in key order, as it is when its page is read."""
        after = b""
        while page := self.page(after, PAGE_ROWS):
            yield from page
            after = page[-1][0]

    def expired(self, now: int, after: Due, limit: int) -> Sequence[Due]:
        """Up to ``limit`` objects whose time was over at ``now`` (seconds since the
        epoch), behind ``after``."""
        with self._damage:
            return self._expiring.due(self._connection, after, now, limit)

    def expired_count(self, now: int) -> int:
        """How many objects are due to go."""
        with self._damage:
            return self._expiring.count(self._connection, now)
