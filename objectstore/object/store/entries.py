"""The store's records on their way into the log, and what follows when they are in."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from crc32c import crc32c

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.journal import Entry, record_bytes
from objectstore.kernel.journal.format import HEAD_BYTES
from objectstore.object.records.record import (
    NEVER,
    OWED,
    PUT_FILE,
    PUT_INLINE,
    encode_change,
    encode_note,
    encode_owed,
)
from objectstore.object.records.state import Body, Place, coming_of
from objectstore.object.store.view import View
from objectstore.wire.records import ObjectState, Receipt

STORED = Receipt(stored=True)

# What is put to three local devices comes three times in a row; its memory is not kept
# for that.
_last_body: weakref.ref[memoryview] | None = None
_last_crc = 0


def _crc_of(body: Buffer) -> int:
    global _last_body, _last_crc
    if not isinstance(body, memoryview):  # a small one
        return crc32c(body)
    if _last_body is None or _last_body() is not body:
        _last_body, _last_crc = weakref.ref(body), crc32c(body)
    return _last_crc


class Change(Entry):
    """A record with an object's state; its promise is kept when readers see it."""

    __slots__ = (
        "_coming",
        "_key",
        "_receipt",
        "_row_owed",
        "_serial",
        "_since",
        "_view",
        "promise",
    )

    def __init__(
        self,
        view: View,
        kind: int,
        key: bytes,
        state: ObjectState,
        body: Buffer = b"",
        *,
        serial: int = 0,
        row_owed: bool = False,
        since: tuple[int, int] = NEVER,
        receipt: Receipt = STORED,
    ) -> None:
        coming = coming_of(key, state)
        self.kind = kind
        self.meta = encode_change(
            key, coming.packed, row_owed=row_owed, serial=serial, since=since
        )
        self.body = body
        self.body_crc = _crc_of(body)
        self.promise: Promise[Receipt] = Promise()
        self._view = view
        self._key = key
        self._coming = coming
        self._serial = serial
        self._row_owed = row_owed
        self._since = since
        self._receipt = receipt

    def written(self, segment: int, offset: int) -> None:
        """Show it to the readers, then tell the writer."""
        meta_length = len(self.meta)
        place = Place(segment, offset, record_bytes(meta_length, len(self.body)))
        body = None
        if self.kind == PUT_INLINE or self.kind == PUT_FILE:
            start = offset + HEAD_BYTES + meta_length
            body = Body(place, start, self.body_crc, self._serial)
        try:
            self._view.change(
                self._key, self._coming, place, body, self._row_owed, self._since
            )
        except RingstackError as error:
            self.promise.fail(error)
        else:
            self.promise.resolve(self._receipt)

    def failed(self, error: RingstackError) -> None:
        """Tell the writer."""
        self.promise.fail(error)


class Drop(Entry):
    """FORGET or QUARANTINE: what is held is dropped, if nothing comes between.

    ``done`` is told whether it was.
    """

    __slots__ = ("_done", "_key", "_known", "_view", "promise")

    def __init__(
        self,
        view: View,
        kind: int,
        key: bytes,
        fields: tuple[int | str, ...],
        done: Callable[[bool], None],
    ) -> None:
        self._view = view
        self._key = key
        self._known = view.index.applied
        self._done = done
        self.promise: Promise[Receipt] = Promise()
        super().__init__(kind, encode_note(key, *self._known, *fields))

    def written(self, segment: int, offset: int) -> None:
        """Drop it, then tell."""
        place = Place(segment, offset, record_bytes(len(self.meta), 0))
        try:
            dropped = self._view.forget(self._key, self._known, place)
        except RingstackError as error:
            self.failed(error)
        else:
            self._done(dropped)
            self.promise.resolve(Receipt(stored=dropped))

    def failed(self, error: RingstackError) -> None:
        """Tell whoever waits."""
        self._done(False)
        self.promise.fail(error)


class OwedList(Entry):
    """OWED: lets a rebuild know which rows were paid."""

    __slots__ = ("_known", "_rows", "_view")

    def __init__(self, view: View) -> None:
        self._view = view
        self._known = view.index.applied
        rows = view.index.owed.items.items()
        self._rows = {key: timestamp for key, (timestamp, _, _) in rows}
        super().__init__(OWED, encode_owed(self._known, list(self._rows.items())))

    def written(self, segment: int, offset: int) -> None:
        """Move on: memory knows better already."""
        self._view.advance(Place(segment, offset, record_bytes(len(self.meta), 0)))
