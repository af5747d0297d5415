"""Levelling one database between this device and another (``replication.Exchange``).

Facts first, joined on both sides.  Then, while the digests over all rows differ, the
rows: this side reads its own in order and asks the other for digests of the same
ranges of names; of a range that differs the other's rows are fetched, and each side
gets the rows that it lacks, a thousand at most at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from objectstore.database.copies import (
    digest_of_copy,
    facts_of,
    is_news,
    is_old_deletion,
)
from objectstore.database.replica import range_query
from objectstore.database.row_levelling import (
    ROWS_PER_RANGE,
    Part,
    digest_of_rows,
    parts_of,
    plan_rows,
)
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.timestamps import from_seconds
from objectstore.replication.exchange import Outcome
from objectstore.replication.throttle import Throttle
from objectstore.wire.nodes import DatabaseNode
from objectstore.wire.records import DatabaseCopy

# Ranges compared by one call: 8,000 rows, some 25 ms of the other side's time.
RANGES_PER_CALL = 32
# A merge stays a short turn of the node's process and a small message.
ROWS_PER_MERGE = 1000
# Before a database of more than one call's rows is read through, the digests are
# looked at again so many times, so long apart.
SETTLING_LOOKS = 3
SETTLING_SECONDS = 0.1
# What a row is on the wire, about, for the limit on bandwidth.
ROW_BYTES = 120


class DatabaseExchange:
    """Between ``own`` and whatever peer is named."""

    def __init__(
        self,
        own: DatabaseNode,
        throttle: Throttle,
        clock: Clock,
        *,
        reclaim_seconds: float,
        node_seconds: float,
        settling_seconds: float = SETTLING_SECONDS,
    ) -> None:
        self._own = own
        self._throttle = throttle
        self._clock = clock
        self._reclaim_seconds = reclaim_seconds
        self._seconds = node_seconds
        self._settling_seconds = settling_seconds

    def sync(self, key: bytes, peer: DatabaseNode, *, pull: bool) -> Outcome:
        """See ``Exchange``."""
        asked = peer.copy_of(key)
        mine = self._own.copy_of(key).wait(self._seconds)
        theirs = asked.wait(self._seconds)
        pushed, pulled = self._join_facts(key, mine, theirs, peer, pull)
        if pushed or pulled:
            mine = self._own.copy_of(key).wait(self._seconds)
            theirs = peer.copy_of(key).wait(self._seconds)
        if mine is None or theirs is None or mine.row_digest == theirs.row_digest:
            is_gone = theirs is not None and not facts_of(theirs).is_live
            return Outcome(
                True, pushed=int(pushed), pulled=int(pulled), is_gone=is_gone
            )
        levelling = _Rows(self, key, mine, peer, pull)
        levelling.run()
        return Outcome(
            True,
            levelling.sent * ROW_BYTES,
            levelling.received * ROW_BYTES,
            int(pushed or levelling.sent > 0),
            int(pulled or levelling.received > 0),
        )

    def _join_facts(
        self,
        key: bytes,
        mine: DatabaseCopy | None,
        theirs: DatabaseCopy | None,
        peer: DatabaseNode,
        pull: bool,
    ) -> tuple[bool, bool]:
        pushed = pulled = False
        if mine is not None and self._is_news(mine, theirs):
            self.merge(key, peer, mine, ())
            pushed = True
        if pull and theirs is not None and self._is_news(theirs, mine):
            self.merge(key, self._own, theirs, ())
            pulled = True
        return pushed, pulled

    def _is_news(self, copy: DatabaseCopy, other: DatabaseCopy | None) -> bool:
        facts = facts_of(copy)
        if other is None:
            return not is_old_deletion(facts, self.reclaim_before)
        return is_news(facts, facts_of(other))

    @property
    def reclaim_before(self) -> int:
        """Deletions from before this are every replica's own business."""
        return from_seconds(max(self._clock.time() - self._reclaim_seconds, 0))

    def merge(
        self, key: bytes, target: DatabaseNode, copy: DatabaseCopy, rows: Sequence[Any]
    ) -> None:
        """Bring facts and rows to a node, in bounded calls."""
        for first in range(0, max(len(rows), 1), ROWS_PER_MERGE):
            part = rows[first : first + ROWS_PER_MERGE]
            self._throttle.take(len(part) * ROW_BYTES)
            target.merge_copy(key, copy, part).wait(self._seconds)

    def own_rows(self, key: bytes, after: str) -> tuple[list[Part], bool]:
        """The next own rows, in ranges; whether they are the last."""
        query = range_query(after, "", RANGES_PER_CALL * ROWS_PER_RANGE)
        page = self._own.rows(key, query).wait(self._seconds)
        return parts_of(page.rows, after, page.complete), page.complete

    def their_digests(
        self, key: bytes, peer: DatabaseNode, parts: Sequence[Part]
    ) -> Sequence[tuple[int, bytes]]:
        """The other's (count, digest) of the same ranges."""
        ranges = [(part.after, part.until) for part in parts]
        return peer.row_digests(key, ranges).wait(self._seconds)

    def their_rows(
        self, key: bytes, peer: DatabaseNode, after: str, until: str
    ) -> tuple[Sequence[Any], bool]:
        """A page of the other's rows of a range; whether it is the last."""
        query = range_query(after, until, ROWS_PER_MERGE)
        page = peer.rows(key, query).wait(self._seconds)
        return page.rows, page.complete

    def soon_level(self, key: bytes, peer: DatabaseNode) -> bool:
        """Whether all that differs is rows on their way to both sides: reading a
        large, busy database through for those would take seconds each time."""
        for _ in range(SETTLING_LOOKS):
            concurrency.sleep(self._settling_seconds)
            asked = peer.copy_of(key)
            mine = self._own.copy_of(key).wait(self._seconds)
            theirs = asked.wait(self._seconds)
            if mine is not None and mine == theirs:
                return True
        return False

    def keep(self, key: bytes, copy: DatabaseCopy, rows: Sequence[Any]) -> None:
        """Merge a peer's facts and rows into our database."""
        self.merge(key, self._own, copy, rows)

    def digest(self, key: bytes) -> int | None:
        """See ``Exchange``."""
        copy = self._own.copy_of(key).wait(self._seconds)
        return None if copy is None else digest_of_copy(copy)

    def forget(self, key: bytes, digest: int) -> bool:
        """See ``Exchange``."""
        return self._own.forget(key, digest).wait(self._seconds).stored


class _Rows:
    """Levels the rows of one database; ``sent`` and ``received`` count them."""

    def __init__(
        self,
        exchange: DatabaseExchange,
        key: bytes,
        copy: DatabaseCopy,
        peer: DatabaseNode,
        pull: bool,
    ) -> None:
        self._exchange = exchange
        self._key = key
        self._copy = copy  # facts that both sides know already
        self._peer = peer
        self._pull = pull
        self.sent = 0
        self.received = 0

    def run(self) -> None:
        """Compare all ranges, level those that differ."""
        exchange, after, is_last = self._exchange, "", False
        while not is_last:
            parts, is_last = exchange.own_rows(self._key, after)
            if not (after or is_last) and exchange.soon_level(self._key, self._peer):
                return
            theirs = exchange.their_digests(self._key, self._peer, parts)
            for part, (count, digest) in zip(parts, theirs, strict=True):
                if digest_of_rows(part.rows) != (count, digest):
                    self._level(part, count)
            after = parts[-1].until

    def _level(self, part: Part, count: int) -> None:
        """One range, in pages of the other's rows."""
        left, after, is_last = list(part.rows), part.after, not count
        if not count:
            self._exchange_rows(left, ())
        while not is_last:
            rows, is_last = self._exchange.their_rows(
                self._key, self._peer, after, part.until
            )
            if not is_last:
                after = rows[-1].name
            mine = [row for row in left if is_last or row.name <= after]
            left = left[len(mine) :]
            self._exchange_rows(mine, rows)

    def _exchange_rows(self, mine: Sequence[Any], theirs: Sequence[Any]) -> None:
        plan = plan_rows(mine, theirs, self._exchange.reclaim_before)
        if plan.push:
            self._exchange.merge(self._key, self._peer, self._copy, plan.push)
            self.sent += len(plan.push)
        if plan.pull and self._pull:
            self._exchange.keep(self._key, self._copy, plan.pull)
            self.received += len(plan.pull)
