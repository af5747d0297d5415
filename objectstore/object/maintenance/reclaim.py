"""Reclaim: tombstones that every replica has had time to learn leave the digests.

From then on replicas need not agree on them, and each lets its own go when it
compacts the segment and holds no older record of the key.  Until that moment the
tombstone counts on this device, as it would after a rebuild.
"""

from __future__ import annotations

from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.records.state import Held
from objectstore.object.store.store import ObjectStore

ROWS_PER_STEP = 1000


class Reclaim:
    """A ``kernel.loop.Step``: one page of the index a step."""

    name = "object-reclaim"

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._after = b""
        self.reclaimed = 0

    def step(self) -> Progress:
        """Look at the next page; ``DONE`` at the end of a round."""
        store = self._store
        now = store.clock.time()
        limit = from_seconds(now - store.options.reclaim_seconds)
        # What holds data has a body; a row that lost its own is looked at in vain.
        page, self._after = store.index.ranges.bodiless(self._after, ROWS_PER_STEP)
        there = {number for number, _ in store.journal.segments()}
        for key, held in page:
            if held.place.segment not in there and not _holds_data(held):
                # A crash came between the removal of its segment and its own.
                store.index.set(key, held, None)
            elif held.digest and is_reclaimable(held, limit):
                store.index.set(key, held, _without_digest(held))
                self.reclaimed += 1
        return Progress.BUSY if self._after else Progress.DONE


def _without_digest(held: Held) -> Held:
    return Held(held.state, 0, held.place, None, held.shadows, held.since)


def _holds_data(held: Held) -> bool:
    return held.state is not None and held.state.exists


def is_reclaimable(held: Held, limit: int) -> bool:
    """Whether the row is nothing but a tombstone from before ``limit``."""
    state = held.state
    if state is None or state.exists:
        return False
    return state.newest == state.deleted_timestamp <= limit
