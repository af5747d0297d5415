"""The loop that makes a damaged index anew, from the log."""

from __future__ import annotations

from objectstore.kernel.loop import Progress
from objectstore.object.store import ObjectStore

REST_SECONDS = 1.0


class IndexRepair:
    """A ``kernel.loop.Step``: looks whether anybody has met damage."""

    def __init__(self, store: ObjectStore) -> None:
        self.name = "object-index-repair"
        self.rebuilt = 0
        self._store = store

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        if not self._store.index.damage:
            return Progress.IDLE
        self._store.rebuild_index()
        self.rebuilt += 1
        return Progress.DONE
