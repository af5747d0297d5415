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

What is needed is found by the heads of the segment's records, and the bodies of those
alone are read (``object.maintenance.needed``).  Before the segment goes, the count of
its live bytes must agree that nothing is left in it: a row that has changed on disk may
not be among the needed, and the index is made anew while its record is there.

When is a tombstone done?  After the reclaim time, and when no other segment holds an
older record of its key (its row's shadows, ``object.records.state``): until then a
rebuild of the index would bring the old data back.  A forgotten marker needs only the
latter.

A segment with damage is moved to the quarantine directory, and what was lost with it is
quarantined, so that replication brings it back; but a bad body that nobody needs is not
even noticed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from objectstore.kernel import concurrency
from objectstore.kernel.body_memory import body_memory
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.kernel.journal import SegmentFacts, scan_memory
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.index.index import Index
from objectstore.object.maintenance.done import Done, bytes_of, is_same_row
from objectstore.object.maintenance.needed import (
    BODIES_BYTES_MAX,
    Needed,
    Piece,
    read_piece,
)
from objectstore.object.maintenance.reclaim import is_reclaimable
from objectstore.object.records.record import PUT_FILE, PUT_INLINE, TOMBSTONE, UPDATE
from objectstore.object.records.state import Held
from objectstore.object.store.entries import Change
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import Receipt

# What heads are read through: some fifty small records at once.
WINDOW_BYTES = 256 * 1024
# It rests so many times as long as a piece took, so that requests have most of the
# device, and more of one that is slow; at most so long.
REST_SHARE = 3
REST_SECONDS_MAX = 0.25
# With less than this share of the device free it does not rest, nor wait for others.
SHORT_OF_SPACE = 0.2
# Whoever has waited so long for the others of his process goes on all the same: a disk
# that hangs must not fill up the rest.
TURN_SECONDS = 60.0
# Rows that are looked at, copied or dropped in one go, under a millisecond of the hub's
# thread; and the segments whose sizes are.
ROWS_PER_TURN = 32
SEGMENTS_PER_TURN = 4096

_log = logging.getLogger("objectstore.object")


class Compaction:
    """A ``kernel.loop.Step`` over one store."""

    name = "object-compaction"

    def __init__(
        self,
        store: ObjectStore,
        may_reclaim: Callable[[], bool] = lambda: True,
        turn: concurrency.Semaphore | None = None,
    ) -> None:
        """``may_reclaim``: whether tombstones may go, once they are old enough.
        ``turn``: those who have it in common compact one at a time."""
        self._store = store
        self._may_reclaim = may_reclaim
        self._turn = turn or concurrency.Semaphore(1)
        self.removed_segments = 0
        self.dropped_rows = 0

    def step(self) -> Progress:
        """Compact a damaged segment, or the one that gives most back, if it is
        worth it."""
        has_turn = not self._is_short_of_space() and self._turn.acquire(
            timeout=TURN_SECONDS
        )
        try:
            number = self._choose()
            if number is None:
                return Progress.IDLE
            self.compact(number)
            return Progress.BUSY
        finally:
            if has_turn:
                self._turn.release()

    def _is_short_of_space(self) -> bool:
        space = self._store.space.space()
        return space.free < SHORT_OF_SPACE * space.total

    def _choose(self) -> int | None:
        store = self._store
        for number in sorted(store.damaged_segments):
            if store.journal.closed.may_go(number):
                return number
        live = store.index.live.items
        best, best_share = None, store.options.live_share_min
        sizes = store.journal.closed.sizes()
        for turn, (number, size) in enumerate(sizes.items(), start=1):
            # An empty one is left of a failed first batch.
            share = live.get(number, 0) / size if size else 0.0
            if share < best_share:
                best, best_share = number, share
            if turn % SEGMENTS_PER_TURN == 0:
                concurrency.sleep(0)
        return best

    def compact(self, number: int) -> None:
        """Rewrite what is needed of a closed segment, then remove it."""
        store = self._store
        index = store.index
        if index.flushed.segment <= number:
            store.make_index_durable()  # ``read_piece`` wants it in SQLite
        is_damaged = False
        done: Done = {}
        for piece in self._pieces(number):
            is_damaged |= piece.is_damaged
            self._copy_all(piece.needed, done)
        store.journal.flush()
        self._make_sure_it_is(index)
        if is_damaged or index.live.items.get(number, 0) != bytes_of(done):
            is_damaged |= self._quarantine_lost(number, done)
            if not is_damaged:
                self._make_sure_of_index(number, done)
        store.make_index_durable()
        self._make_sure_it_is(index)
        if is_damaged:
            _log.error("%s: segment %d is damaged", store.directory, number)
            aside = store.bodies.quarantine
            store.disk.offload(store.journal.closed.set_aside, number, aside)
        else:
            store.disk.offload(store.journal.closed.remove, number)
        self._drop(done)
        store.index.live.drop(number)
        store.damaged_segments.discard(number)
        self.removed_segments += 1

    def _make_sure_it_is(self, index: Index) -> None:
        if self._store.index is not index:
            raise Unavailable("the index was made anew: what was needed is not known")

    def _pieces(self, number: int) -> Iterator[Piece]:
        """What is needed of it, read on a native thread, with rests between."""
        store = self._store
        facts = SegmentFacts(number, store.journal.closed.sizes()[number])
        share = 0 if self._is_short_of_space() else REST_SHARE
        window = scan_memory(WINDOW_BYTES)
        offset: int | None = 0
        while offset is not None:
            started = store.clock.monotonic()
            memory = body_memory(BODIES_BYTES_MAX)
            piece = store.disk.offload(read_piece, store, facts, offset, window, memory)
            offset = piece.next_offset
            yield piece
            took = store.clock.monotonic() - started
            concurrency.sleep(min(share * took, REST_SECONDS_MAX))

    def _copy_all(self, needed: list[Needed], done: Done) -> None:
        for first in range(0, len(needed), ROWS_PER_TURN):
            promises: list[Promise[Receipt]] = []
            for each in needed[first : first + ROWS_PER_TURN]:
                if (promise := self._copy(each, done)) is not None:
                    promises.append(promise)
            concurrency.sleep(0)
            # A copy that could not be written keeps its segment: the step fails.
            for promise in promises:
                promise.wait()

    def _copy(self, needed: Needed, done: Done) -> Promise[Receipt] | None:
        """Write the row again if it still needs this record, or note that it is
        done."""
        store = self._store
        key, place = needed.key, needed.place
        while store.drops.is_under_way(key):
            # A copy must not come to lie behind the record that drops it.
            store.journal.flush()
        held = store.index.get(key)
        if held is None or place not in held.places():
            return None
        if self._is_done(held, place.segment):
            done[key] = held
            return None
        return self._rewrite(held, needed)

    def _is_done(self, held: Held, segment: int) -> bool:
        """Whether a tombstone or marker may go with this segment."""
        now = self._store.clock.time()
        limit = from_seconds(now - self._store.options.reclaim_seconds)
        if held.state is not None and not (
            is_reclaimable(held, limit) and self._may_reclaim()
        ):
            return False
        journal = self._store.journal
        return not any(
            other != segment and journal.has(other) for other in held.shadows
        )

    def _rewrite(self, held: Held, needed: Needed) -> Promise[Receipt]:
        store = self._store
        key, state = needed.key, held.state
        if state is None:
            return store.drops.renew(key)
        row_owed = key in store.index.owed.items
        body = held.body
        kind, serial = UPDATE, 0
        data: Buffer = b""
        if body is not None and body.record == needed.place:
            kind, serial = (PUT_FILE, body.serial) if body.serial else (PUT_INLINE, 0)
            assert needed.body is not None, "a row never takes an old record's body"
            data = needed.body
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

    def _quarantine_lost(self, number: int, done: Done) -> bool:
        """Rows that needed a record which is not readable any more; whether there are
        any."""
        store = self._store
        keys = store.disk.offload(store.index.resting.all, number)
        is_any = False
        for turn, key in enumerate(keys, start=1):
            held = store.index.get(key)
            places = held.places() if held is not None and key not in done else ()
            if any(place.segment == number for place in places):
                store.drops.quarantine(key, held, f"lost in segment {number}")
                is_any = True
            if turn % ROWS_PER_TURN == 0:
                concurrency.sleep(0)
        store.journal.flush()
        return is_any

    def _make_sure_of_index(self, number: int, done: Done) -> None:
        """``Corrupt``, and the index is made anew from a log that has the segment yet,
        when rows rest on a sound segment that SQLite knows nothing of."""
        index = self._store.index
        left = index.live.items.get(number, 0)
        for key, held in done.items():
            current = index.get(key)
            if current is not None and is_same_row(current, held):
                left -= sum(place.length for place in held.places())
        if left > 0:
            index.damage.what = f"{left} bytes of segment {number} are in no row"
            raise Corrupt(f"{self._store.directory}: {index.damage.what}")

    def _drop(self, done: Done) -> None:
        """The rows of what went with its segment, but for those that a write has met
        since: it stands on a record of its own."""
        index = self._store.index
        for turn, (key, held) in enumerate(done.items(), start=1):
            current = index.get(key)
            if current is not None and is_same_row(current, held):
                index.set(key, current, None)
                self.dropped_rows += 1
            if turn % ROWS_PER_TURN == 0:
                concurrency.sleep(0)
