"""Dropping what is held of an object: handed on, or found to be bad."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.journal import Entry
from objectstore.object.entries import Drop
from objectstore.object.record import FORGET, QUARANTINE
from objectstore.object.view import View
from objectstore.wire.records import Receipt


class Drops:
    """FORGET and QUARANTINE records on their way into the log."""

    def __init__(self, view: View, submit: Callable[[Entry], None]) -> None:
        self.quarantines = 0  # since the start
        self._view = view
        self._submit = submit
        self._under_way: set[bytes] = set()

    def is_under_way(self, key: bytes) -> bool:
        """Whether a record that drops the key is on its way."""
        return key in self._under_way

    def forget(self, key: bytes) -> Promise[Receipt]:
        """Drop what is held, or renew the marker of what was dropped."""
        return self._drop(FORGET, key, (), lambda dropped: None)

    def quarantine(self, key: bytes, newest: int, when: int, why: str) -> None:
        """Drop what is held, and note that it was bad."""
        self.quarantines += 1

        def settled(dropped: bool) -> None:
            if dropped:
                self._view.index.quarantined.put(key, (newest, when, why))

        self._drop(QUARANTINE, key, (newest, when, why), settled)

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
