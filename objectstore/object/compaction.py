"""Compaction: segments that are mostly dead are rewritten and removed.

One step takes one closed segment:

1. every record that a row of the index still needs is written to the end of the log,
   as the row is now, but for tombstones and forgotten markers that are done;
2. when all copies are in (synced and applied), the index is flushed and made durable;
3. the segment is removed, and with it, in one, whatever was done;
4. the rows of what was done are dropped.

A crash before 3 leaves the segment and perhaps copies: a replay merges them, nothing
changes.  A crash after it finds the copies in the log; rows that 4 would have dropped
are void, since the segment of their record is gone (``View.is_void``).

When is a tombstone done?  After the reclaim time, and when no other segment holds an
older record of its key (its row's shadows, ``object.state``): until then a rebuild of
the index would bring the old data back.  A forgotten marker needs only the latter.

A segment with damaged records is moved to the quarantine directory, and what was lost
with it is quarantined, so that replication brings it back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.journal import Damage, Found, SegmentFacts
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.entries import Change
from objectstore.object.reclaim import is_reclaimable
from objectstore.object.record import (
    OWED,
    PUT_FILE,
    PUT_INLINE,
    TOMBSTONE,
    UPDATE,
    decode_key,
)
from objectstore.object.state import Held, Place
from objectstore.object.store import ObjectStore
from objectstore.wire.records import Receipt

# What is read, and copied into the log, at once: what compaction may hold in memory,
# and how long a writer's batch may have to wait behind it.
PIECE_BYTES = 1024 * 1024
# It rests so many times as long as a piece took, so that requests have most of the
# device, and more of one that is slow; at most so long.
REST_SHARE = 3
REST_SECONDS_MAX = 0.25
# With less than this share of the device free it does not rest.
SHORT_OF_SPACE = 0.2

_log = logging.getLogger("objectstore.object")


class Compaction:
    """A ``kernel.loop.Step`` over one store."""

    name = "object-compaction"

    def __init__(
        self, store: ObjectStore, may_reclaim: Callable[[], bool] = lambda: True
    ) -> None:
        """``may_reclaim``: whether tombstones may go, once they are old enough."""
        self._store = store
        self._may_reclaim = may_reclaim
        self.removed_segments = 0
        self.dropped_rows = 0

    def step(self) -> Progress:
        """Compact a damaged segment, or the one that gives most back, if it is
        worth it."""
        number = self._choose()
        if number is None:
            return Progress.IDLE
        self.compact(number)
        return Progress.BUSY

    def _choose(self) -> int | None:
        store = self._store
        for number in sorted(store.damaged_segments):
            if store.journal.is_closed(number):
                return number
        live = store.index.live.items
        best, best_share = None, store.options.live_share_min
        for number, size in store.journal.segments():
            # An empty one is left of a failed first batch.
            share = live.get(number, 0) / size if size else 0.0
            if share < best_share and store.journal.is_closed(number):
                best, best_share = number, share
        return best

    def compact(self, number: int) -> None:
        """Rewrite what is needed of a closed segment, then remove it."""
        store = self._store
        damaged = False
        done: list[tuple[bytes, Held]] = []
        for piece in self._pieces(number):
            promises: list[Promise[Receipt]] = []
            for found in piece:
                if isinstance(found, Damage):
                    damaged = True
                elif (promise := self._copy(found, done)) is not None:
                    promises.append(promise)
            _wait_all(promises)
        if damaged:
            self._quarantine_lost(number)
        store.make_index_durable()
        if damaged:
            aside = store.bodies.quarantine
            store.disk.offload(store.journal.set_aside, number, aside)
        else:
            store.disk.offload(store.journal.remove, number)
        # Nobody has run since the segment went: no write has met these rows.
        for key, held in done:
            if store.index.get(key) is held:
                store.index.set(key, held, None)
                self.dropped_rows += 1
        store.index.live.drop(number)
        store.damaged_segments.discard(number)
        self.removed_segments += 1

    def _pieces(self, number: int) -> Iterator[list[Found | Damage]]:
        """What the segment holds, read on a native thread, with rests between."""
        store = self._store
        facts = SegmentFacts(number, dict(store.journal.segments())[number])
        space = store.space.space()
        share = 0 if space.free < SHORT_OF_SPACE * space.total else REST_SHARE
        offset: int | None = 0
        while offset is not None:
            started = store.clock.monotonic()
            piece: list[Found | Damage] = []
            offset = store.disk.offload(
                store.journal.look_through, facts, offset, PIECE_BYTES, piece.append
            )
            yield piece
            took = store.clock.monotonic() - started
            concurrency.sleep(min(share * took, REST_SECONDS_MAX))

    def _copy(
        self, found: Found, done: list[tuple[bytes, Held]]
    ) -> Promise[Receipt] | None:
        """Write the row again if it needs this record, or note that it is done."""
        store = self._store
        if found.kind == OWED:
            return None  # the next one, or the index, says the same and more
        key = decode_key(found.meta)
        while store.drops.is_under_way(key):
            # A copy must not come to lie behind the record that drops it.
            store.journal.flush()
        held = store.index.get(key)
        place = Place(found.segment, found.offset, found.length)
        if held is None or place not in held.places():
            return None
        if self._is_done(held, found.segment):
            done.append((key, held))
            return None
        return self._rewrite(key, held, place, found)

    def _is_done(self, held: Held, segment: int) -> bool:
        """Whether a tombstone or marker may go with this segment."""
        now = self._store.clock.time()
        limit = from_seconds(now - self._store.options.reclaim_seconds)
        if held.state is not None and not (
            is_reclaimable(held, limit) and self._may_reclaim()
        ):
            return False
        there = {number for number, _ in self._store.journal.segments()}
        return not any(other in there and other != segment for other in held.shadows)

    def _rewrite(
        self, key: bytes, held: Held, place: Place, found: Found
    ) -> Promise[Receipt]:
        store = self._store
        state = held.state
        if state is None:
            return store.drops.forget(key)
        row_owed = key in store.index.owed.items
        body = held.body
        kind, data, serial = UPDATE, b"", 0
        if body is not None and body.record == place:
            kind, serial = (PUT_FILE, body.serial) if body.serial else (PUT_INLINE, 0)
            data = bytes(found.body)
        elif not state.exists and state.deleted_timestamp:
            kind = TOMBSTONE
        entry = Change(
            store.view,
            kind,
            key,
            state,
            data,
            serial=serial,
            row_owed=row_owed,
            since=held.since,
        )
        return store.submit(entry)

    def _quarantine_lost(self, number: int) -> None:
        """Rows that needed a record which is not readable any more."""
        store = self._store
        _log.error("%s: segment %d is damaged", store.directory, number)
        for key, held in store.index.rows():
            if any(place.segment == number for place in held.places()):
                current = store.index.get(key)
                store.quarantine(key, current, f"lost in segment {number}")
        store.journal.flush()


def _wait_all(promises: list[Promise[Receipt]]) -> None:
    """A copy that could not be written keeps its segment: the step fails."""
    for promise in promises:
        promise.wait()
