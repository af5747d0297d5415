"""The object node of a device in this very process: calls straight into its store.

A local read or look-up is answered before the call returns, unless a body has to come
from the disk: then the hub serves others meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import Corrupt, Rejected, RingstackError
from objectstore.object.locks import NameLocks
from objectstore.object.records.merging import needs_body
from objectstore.object.records.state import is_brought_whole, is_same_body
from objectstore.object.store.store import ObjectStore
from objectstore.object.store.upload import LocalUpload
from objectstore.replication.owed import CopiesOwed
from objectstore.wire.nodes import (
    INLINE_BYTES_MAX,
    ObjectNode,
    Upload,
)
from objectstore.wire.records import Lookup, ObjectState, Receipt

_NEVER_HEARD_OF = Lookup(None)


class LocalObjectNode(ObjectNode):
    """See ``ObjectNode`` for what each call means."""

    def __init__(
        self, store: ObjectStore, copies_owed: CopiesOwed | None = None
    ) -> None:
        """``copies_owed`` None: nobody heals, the rounds of replication do."""
        self.store = store
        self._bodies = store.row_bodies
        self._copies_owed = copies_owed
        self.locks = NameLocks()

    def lookup(self, key: bytes, *, want_body: bool) -> Promise[Lookup]:
        """See ``ObjectNode``."""
        try:
            held = self.store.index.get(key)
            if held is None or held.state is None:
                return Promise.of(_NEVER_HEARD_OF)
            if not (want_body and held.state.exists and is_brought_whole(held)):
                return Promise.of(Lookup(held.state))
            body = self._bodies.small(key, held)
        except RingstackError as error:
            return Promise.failed(error)
        if body is None:
            return promised(self._fetch, key)
        return Promise.of(Lookup(held.state, body))

    def _fetch(self, key: bytes) -> Lookup:
        """What is known of an object, and its small body from the disk.  The greenlet
        waits."""
        while True:
            held = self.store.held(key)
            if held is None or held.state is None:
                return _NEVER_HEARD_OF
            if not (held.state.exists and is_brought_whole(held)):
                return Lookup(held.state)
            try:
                return Lookup(held.state, self._bodies.fetched(key, held))
            except Corrupt:
                now = self.store.held(key)
                if now is None or is_same_body(held, now):
                    raise
                # Compaction has moved it meanwhile, or something newer has come.

    def read(
        self, key: bytes, timestamp: int, start: int, stop: int
    ) -> Promise[Iterable[bytes]]:
        """See ``ObjectNode``."""
        try:
            held = self.store.held(key)
            if held is None or held.state is None or not held.state.exists:
                return Promise.failed(Rejected(404, "that version is not here"))
            if held.state.timestamp != timestamp:
                return Promise.failed(Rejected(404, "that version is not here"))
            if not is_brought_whole(held):
                return Promise.of(self._bodies.part(key, held, start, stop))
            body = self._bodies.small(key, held)
        except RingstackError as error:
            return Promise.failed(error)
        if body is None:
            return promised(self._fetch_range, key, timestamp, start, stop)
        return Promise.of([body[start:stop]])

    def _fetch_range(
        self, key: bytes, timestamp: int, start: int, stop: int
    ) -> Iterable[bytes]:
        found = self._fetch(key)
        state, body = found.state, found.body
        if state is None or state.timestamp != timestamp or body is None:
            raise Rejected(404, "that version is not here")
        return [body[start:stop]]

    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        if len(body) > INLINE_BYTES_MAX:
            return Promise.failed(Rejected(413, "too large for one record"))
        if len(body) != state.size:
            return Promise.failed(Rejected(422, "size and body differ"))
        try:
            return self.store.change(key, state, body, row_owed=row_owed)
        except RingstackError as error:
            return Promise.failed(error)

    def begin(self, key: bytes, size_hint: int | None) -> Promise[Upload]:
        """See ``ObjectNode``."""
        try:
            self.store.make_sure_of_room(size_hint or 0)
        except RingstackError as error:
            return Promise.failed(error)
        upload: Upload = LocalUpload(self.store, key, size_hint)
        return Promise.of(upload)

    def post(self, key: bytes, state: ObjectState) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        try:
            held = self.store.held(key)
            if held is None or held.state is None or not held.state.exists:
                return Promise.of(Receipt(stored=False, found=False))
            change = state._replace(timestamp=0, deleted_timestamp=0)
            return self.store.change(key, change, None, row_owed=True)
        except RingstackError as error:
            return Promise.failed(error)

    def delete(
        self, key: bytes, state: ObjectState, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        try:
            held = self.store.held(key)
            old = held.state if held is not None else None
            # A deletion that comes again, its first answer having got lost, has met
            # what it deleted then.
            found = old is not None and (
                old.exists or old.deleted_timestamp == state.deleted_timestamp
            )
            tombstone = ObjectState(
                state.name, deleted_timestamp=state.deleted_timestamp
            )
            promise = self.store.change(key, tombstone, None, row_owed=row_owed)
        except RingstackError as error:
            return Promise.failed(error)
        return promise.then(lambda receipt: Receipt(receipt.stored, found))

    def paid(self, key: bytes, timestamp: int) -> None:
        """See ``ObjectNode``."""
        self.store.paid(key, timestamp)

    def reserve(self, key: bytes, token: str, seconds: float) -> Promise[Lookup]:
        """See ``ObjectNode``."""
        promise: Promise[Lookup] = Promise()

        def granted() -> None:
            try:
                held = self.store.held(key)
                promise.resolve(Lookup(held.state) if held else _NEVER_HEARD_OF)
            except RingstackError as error:
                promise.fail(error)

        self.locks.take(key, token, seconds, granted, promise.fail)
        return promise

    def release(self, key: bytes, token: str) -> None:
        """See ``ObjectNode``."""
        self.locks.release(key, token)

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[Sequence[bytes]]:
        """See ``ObjectNode``."""
        digest = self.store.index.ranges.partition_digest
        try:
            return Promise.of([digest(each, part_power) for each in partitions])
        except RingstackError as error:
            return Promise.failed(error)

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Sequence[tuple[bytes, int]]]:
        """See ``ObjectNode``."""
        try:
            found = self.store.index.ranges.states(partition, part_power, after, limit)
        except RingstackError as error:
            return Promise.failed(error)
        return Promise.of(found)

    def merge(
        self, key: bytes, state: ObjectState, body: bytes | None
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        try:
            if body is not None and len(body) != state.size:
                return Promise.failed(Rejected(422, "size and body differ"))
            if body is None and needs_body(self.store.index.get(key), state):
                return Promise.failed(Rejected(422, "the body is missing"))
            return self.store.change(key, state, body, row_owed=False)
        except RingstackError as error:
            return Promise.failed(error)

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        try:
            return self.store.drops.forget(key, newest)
        except RingstackError as error:
            return Promise.failed(error)

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """See ``ObjectNode``."""
        if self._copies_owed is not None:
            self._copies_owed.add(key, device_ids)
