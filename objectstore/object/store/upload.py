"""A body on its way to this device, in pieces.

Up to the inline limit it collects in memory: it may turn out small enough for the
log.  Beyond, it goes to a file on a native thread, checksummed on the way.
"""

from __future__ import annotations

from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import Rejected
from objectstore.object.bodies.files import BodyWriter
from objectstore.object.store.publishing import publish
from objectstore.object.store.store import ObjectStore
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX, Upload
from objectstore.wire.records import ObjectState, Receipt


class LocalUpload(Upload):
    """See ``Upload`` for what each call means."""

    def __init__(
        self, store: ObjectStore, key: bytes, size_hint: int | None = None
    ) -> None:
        self._store = store
        self._key = key
        # What is announced as large need not be collected first.
        self._may_be_small = (size_hint or 0) <= INLINE_BYTES_MAX
        self._head = bytearray()
        self._writer: BodyWriter | None = None
        self._is_over = False
        self._is_writing = False

    def write(self, piece: memoryview) -> Promise[None]:
        """See ``Upload``."""
        if self._is_over:
            return Promise.failed(Rejected(409, "the upload is over"))
        if len(piece) > WRITE_BYTES_MAX:
            return Promise.failed(Rejected(413, "too large a piece"))
        size = len(self._head) + len(piece)
        if self._may_be_small and self._writer is None and size <= INLINE_BYTES_MAX:
            self._head += piece
            return Promise.of(None)
        return promised(self._write_to_file, piece)

    def _write_to_file(self, piece: memoryview) -> None:
        store = self._store
        store.make_sure_of_room(len(piece))
        self._is_writing = True
        try:
            store.disk.offload(self._append, piece)
        finally:
            self._is_writing = False
            if self._is_over:  # aborted meanwhile
                self._close()

    def _append(self, piece: memoryview) -> None:
        """Write a piece, on a native thread."""
        if self._writer is None:
            is_read_soon = self._store.is_read_first(self._key)
            self._writer = self._store.bodies.begin(is_read_soon=is_read_soon)
            head, self._head = self._head, bytearray()
            if head:
                self._writer.write(memoryview(head))
        self._writer.write(piece)

    def commit(self, state: ObjectState, *, row_owed: bool = True) -> Promise[Receipt]:
        """See ``Upload``."""
        if self._is_over:
            return Promise.failed(Rejected(409, "the upload is over"))
        size = len(self._head) if self._writer is None else self._writer.size
        self._is_over = True
        if size != state.size:
            self._close()
            return Promise.failed(Rejected(422, "size and body differ"))
        return promised(self._commit, state, row_owed)

    def _commit(self, state: ObjectState, row_owed: bool) -> Receipt:
        if self._writer is None:
            body = bytes(self._head)
            return self._store.change(self._key, state, body, row_owed=row_owed).wait()
        name = state.name
        names = (name.account, name.container, name.object)
        writer = self._writer
        try:
            self._store.disk.offload(writer.finish, self._key, state.timestamp, names)
            promise = publish(self._store, self._key, state, writer, row_owed=row_owed)
            return promise.wait()
        finally:
            self._close()

    def abort(self) -> None:
        """See ``Upload``."""
        if not self._is_over:
            self._is_over = True
            if not self._is_writing:
                self._close()

    def _close(self) -> None:
        self._head = bytearray()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
