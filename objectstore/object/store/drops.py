"""Dropping what is held of an object: handed on, or found to be bad."""

from __future__ import annotations

import logging
from collections.abc import Callable

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.journal import Entry
from objectstore.object.bodies.files import BodyFiles
from objectstore.object.records.record import FORGET, QUARANTINE
from objectstore.object.records.state import Held, is_same_body
from objectstore.object.store.entries import Drop
from objectstore.object.store.view import View
from objectstore.wire.records import Receipt

_log = logging.getLogger("objectstore.object")


class Drops:
    """FORGET and QUARANTINE records on their way into the log."""

    def __init__(
        self,
        directory: str,
        view: View,
        files: BodyFiles,
        clock: Clock,
        submit: Callable[[Entry], None],
    ) -> None:
        self.quarantines = 0  # since the start
        self._directory = directory  # of the store, for the log's readers
        self._view = view
        self._files = files
        self._clock = clock
        self._submit = submit
        self._under_way: set[bytes] = set()

    def is_under_way(self, key: bytes) -> bool:
        """Whether a record that drops the key is on its way."""
        return key in self._under_way

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        """Drop what is held if it is exactly as new as ``newest``, and its container
        has been told: a row owed would be lost with it."""
        index = self._view.index
        held = index.get(key)
        if held is None or held.state is None:
            return Promise.of(Receipt(stored=False, found=False))
        if held.state.newest != newest or key in index.owed.items:
            return Promise.of(Receipt(stored=False))
        return self._drop(FORGET, key, (), lambda dropped: None)

    def renew(self, key: bytes) -> Promise[Receipt]:
        """Write the marker of what was dropped again."""
        return self._drop(FORGET, key, (), lambda dropped: None)

    def quarantine(self, key: bytes, held: Held | None, why: str) -> None:
        """Put a bad copy aside: this device then holds nothing of the object, so
        that replication brings it back."""
        current = self._view.index.get(key)
        if held is None or current is None or not is_same_body(held, current):
            return  # a slow reader of what has been replaced since
        if held.state is None or key in self._under_way:
            return
        _log.error("%s: quarantined %s: %s", self._directory, key.hex(), why)
        state, body = held.state, held.body
        if body is not None and body.serial:
            self._files.put_aside(key, state.timestamp, body.serial)
        self.quarantines += 1
        noted = (state.newest, int(self._clock.time()), why)

        def settled(dropped: bool) -> None:
            if dropped:
                self._view.index.quarantined.put(key, noted)

        self._drop(QUARANTINE, key, noted, settled)

    def _drop(
        self,
        kind: int,
        key: bytes,
        fields: tuple[int | str, ...],
        done: Callable[[bool], None],
    ) -> Promise[Receipt]:
        self._under_way.add(key)

        def settled(dropped: bool) -> None:
            self._under_way.discard(key)
            done(dropped)

        entry = Drop(self._view, kind, key, fields, settled)
        self._submit(entry)
        return entry.promise
