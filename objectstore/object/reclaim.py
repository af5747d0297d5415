"""Reclaim: tombstones that every replica has had time to learn become invisible.

An old tombstone's row turns into a forgotten marker: it is in no digest and no
listing any more, so replicas need not agree on it, and it goes for good when its
segment is compacted and no older record of its key is left.
"""

from __future__ import annotations

from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.state import Held
from objectstore.object.store import ObjectStore

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
        page = store.index.page(self._after, ROWS_PER_STEP)
        for key, held in page:
            if is_reclaimable(held, limit) and key not in store.index.owed.items:
                marker = Held(None, 0, held.place, None, held.shadows)
                store.index.set(key, held, marker)
                self.reclaimed += 1
        if len(page) < ROWS_PER_STEP:
            self._after = b""
            return Progress.DONE
        self._after = page[-1][0]
        return Progress.BUSY


def is_reclaimable(held: Held, limit: int) -> bool:
    """Whether the row is nothing but a tombstone from before ``limit``."""
    state = held.state
    if state is None or state.exists:
        return False
    return state.newest == state.deleted_timestamp <= limit
