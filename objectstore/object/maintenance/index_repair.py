"""Making a damaged index anew, from the log; and the loop that does."""

from __future__ import annotations

import logging

from objectstore.kernel import concurrency
from objectstore.kernel.loop import Progress
from objectstore.object.index.index import Index
from objectstore.object.store.recovery import remove_index, replay
from objectstore.object.store.store import ObjectStore
from objectstore.object.store.view import View

REST_SECONDS = 1.0

_log = logging.getLogger("objectstore.object")


def rebuild_index(store: ObjectStore) -> None:
    """Make the index anew.  The greenlet waits; until it is through whatever needs the
    index is ``Unavailable``, and others answer."""
    _log.error("index %s is made anew: %s", store.index.path, store.index.damage.what)
    store.give_up_index()
    path = store.index.path
    remove_index(store.disk, path)
    index = Index(path, store.opener)
    try:
        replay(store.journal, View(index), lambda: concurrency.sleep(0))
    except BaseException:
        index.close()  # the next step begins again
        raise
    store.take_index(index)


class IndexRepair:
    """A ``kernel.loop.Step``: looks whether anybody has met damage."""

    def __init__(self, store: ObjectStore) -> None:
        self.name = "object-index-repair"
        self.rebuilt = 0
        self._store = store

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        if not self._store.index.damage.what:
            return Progress.IDLE
        rebuild_index(self._store)
        self.rebuilt += 1
        return Progress.DONE
