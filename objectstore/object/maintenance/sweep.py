"""Sweep: removes body files that nothing points to.

A crash between naming a file and its log record leaves one, and so does a crash
before the removal of one that was replaced.  Only files from before the store was
opened are looked at: later ones have an upload to look after them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from objectstore.kernel.disk import FileMissing
from objectstore.kernel.loop import Progress
from objectstore.object.records.state import is_file
from objectstore.object.store.store import ObjectStore

FILES_PER_STEP = 200
# Clocks of file systems tick in steps, and may be another machine's.
MARGIN_SECONDS = 60


class Sweep:
    """A ``kernel.loop.Step``: one round after each start is enough."""

    name = "object-sweep"

    def __init__(
        self, store: ObjectStore, margin_seconds: float = MARGIN_SECONDS
    ) -> None:
        self._store = store
        self._before = store.opened_seconds - margin_seconds
        self._files: Iterator[tuple[str, bytes, int, int]] | None = None
        self._is_done = False
        self.removed = 0

    def step(self) -> Progress:
        """Look at some files; ``DONE`` at the end, ``IDLE`` from then on."""
        if self._is_done:
            return Progress.IDLE
        if self._files is None:
            self._files = self._store.bodies.walk()
        batch = list(itertools.islice(self._files, FILES_PER_STEP))
        for path, key, timestamp, serial in batch:
            held = self._store.held(key)
            if not is_file(held, timestamp, serial) and self._is_old(path):
                self._store.removal.remove(key, timestamp, serial)
                self.removed += 1
        if len(batch) == FILES_PER_STEP:
            return Progress.BUSY
        self._is_done = True
        return Progress.DONE

    def _is_old(self, path: str) -> bool:
        try:
            return self._store.disk.facts(path).modified_seconds < self._before
        except FileMissing:
            return False
