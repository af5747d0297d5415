"""An ObjectNode in memory: obviously correct, for tests of everybody else.

Nothing is durable, every promise is kept at once.  How states merge is the
product's own pure rule; what a node makes of it is written out here a second
time, the simple way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.object.index.digests import digest_of_states
from objectstore.object.records.state import digest_of, is_same_data
from objectstore.wire.merge import merge_states
from objectstore.wire.nodes import (
    BROUGHT_BYTES_MAX,
    INLINE_BYTES_MAX,
    WRITE_BYTES_MAX,
)
from objectstore.wire.records import Lookup, ObjectState, Receipt

READ_PIECE_BYTES = 64 * 1024


class MemoryObjectNode:
    """One device's objects of one policy, in dictionaries.

    ``owed`` maps a key to the timestamp of the row its container has not been
    told of; tests look at it, and at ``objects``, freely.
    """

    def __init__(self) -> None:
        self.objects: dict[bytes, ObjectState] = {}
        self.bodies: dict[bytes, bytes] = {}
        self.owed: dict[bytes, int] = {}
        self.copies_owed: dict[bytes, set[int]] = {}
        self._locks: dict[bytes, _Lock] = {}

    def lookup(self, key: bytes, *, want_body: bool) -> Promise[Lookup]:
        return Promise.of(self._lookup(key, want_body))

    def _lookup(self, key: bytes, want_body: bool) -> Lookup:
        state = self.objects.get(key)
        if state is None or not want_body or not state.exists:
            return Lookup(state)
        body = self.bodies[key]
        return Lookup(state, body if len(body) <= BROUGHT_BYTES_MAX else None)

    def read(
        self, key: bytes, timestamp: int, start: int, stop: int
    ) -> Promise[Iterable[bytes]]:
        state = self.objects.get(key)
        if state is None or not state.exists or state.timestamp != timestamp:
            return Promise.failed(Rejected(404, "that version is not here"))
        body = self.bodies[key]
        stop = min(stop, len(body))
        return Promise.of(
            [
                body[at : min(at + READ_PIECE_BYTES, stop)]
                for at in range(start, stop, READ_PIECE_BYTES)
            ]
        )

    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        if len(body) > INLINE_BYTES_MAX:
            return Promise.failed(Rejected(413, "too large for one record"))
        return self._put(key, state, bytes(body), row_owed)

    def _put(
        self, key: bytes, state: ObjectState, body: bytes, row_owed: bool
    ) -> Promise[Receipt]:
        if len(body) != state.size:
            return Promise.failed(Rejected(422, "size and body differ"))
        stored = self._apply(key, state, body)
        if stored and row_owed:
            self.owed[key] = state.timestamp
        return Promise.of(Receipt(stored))

    def _apply(self, key: bytes, state: ObjectState, body: bytes | None) -> bool:
        """Merge; whether the coming state was not superseded."""
        held = self.objects.get(key)
        merged = merge_states(held, state)
        if merged.exists and (held is None or not is_same_data(held, merged)):
            assert body is not None
            self.bodies[key] = body
        elif not merged.exists:
            self.bodies.pop(key, None)
        self.objects[key] = merged
        if state.timestamp > state.deleted_timestamp:
            return (
                merged.timestamp == state.timestamp
                and merged.metadata_timestamp <= state.metadata_timestamp
            )
        return merged.deleted_timestamp == state.deleted_timestamp

    def begin(self, key: bytes, size_hint: int | None) -> Promise[MemoryUpload]:
        return Promise.of(MemoryUpload(self, key))

    def post(self, key: bytes, state: ObjectState) -> Promise[Receipt]:
        held = self.objects.get(key)
        if held is None or not held.exists:
            return Promise.of(Receipt(stored=False, found=False))
        change = state._replace(timestamp=0, deleted_timestamp=0)
        merged = merge_states(held, change)
        self.objects[key] = merged
        stored = (
            merged.metadata_timestamp == state.metadata_timestamp
            or 0 < state.content_type_timestamp == merged.content_type_timestamp
        )
        if stored:
            self.owed[key] = state.newest
        return Promise.of(Receipt(stored))

    def delete(
        self, key: bytes, state: ObjectState, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        held = self.objects.get(key)
        found = held is not None and (
            held.exists or held.deleted_timestamp == state.deleted_timestamp
        )
        tombstone = ObjectState(state.name, deleted_timestamp=state.deleted_timestamp)
        stored = self._apply(key, tombstone, None)
        if stored and row_owed:
            self.owed[key] = state.deleted_timestamp
        return Promise.of(Receipt(stored, found))

    def paid(self, key: bytes, timestamp: int) -> None:
        if self.owed.get(key, timestamp + 1) <= timestamp:
            del self.owed[key]

    def reserve(self, key: bytes, token: str, seconds: float) -> Promise[Lookup]:
        lock = self._locks.setdefault(key, _Lock())
        promise: Promise[Lookup] = Promise()

        def granted() -> None:
            lock.expire_after(seconds, token)
            promise.resolve(self._lookup(key, want_body=False))

        if lock.take(token):
            granted()
        else:
            lock.wait(token, granted, promise, seconds)
        return promise

    def release(self, key: bytes, token: str) -> None:
        if key in self._locks:
            self._locks[key].release(token)

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[list[bytes]]:
        return Promise.of([self._digest(each, part_power) for each in partitions])

    def _digest(self, partition: int, part_power: int) -> bytes:
        keys = self._keys(partition, part_power)
        return digest_of_states(digest_of(key, self.objects[key]) for key in keys)

    def _keys(self, partition: int, part_power: int) -> list[bytes]:
        shift = 32 - part_power
        return sorted(
            key
            for key in self.objects
            if int.from_bytes(key[:4], "big") >> shift == partition
        )

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[list[tuple[bytes, int]]]:
        keys = [key for key in self._keys(partition, part_power) if key > after]
        return Promise.of(
            [(key, digest_of(key, self.objects[key])) for key in keys[:limit]]
        )

    def merge(
        self, key: bytes, state: ObjectState, body: bytes | None
    ) -> Promise[Receipt]:
        held = self.objects.get(key)
        merged = merge_states(held, state)
        is_new = merged.exists and (held is None or merged.timestamp > held.timestamp)
        if is_new and (body is None or len(body) != state.size):
            return Promise.failed(Rejected(422, "size and body differ"))
        return Promise.of(Receipt(self._apply(key, state, body)))

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        held = self.objects.get(key)
        if held is None:
            return Promise.of(Receipt(stored=False, found=False))
        if held.newest != newest or key in self.owed:
            return Promise.of(Receipt(stored=False))
        del self.objects[key]
        self.bodies.pop(key, None)
        return Promise.of(Receipt(stored=True))

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        self.copies_owed.setdefault(key, set()).update(device_ids)


class MemoryUpload:
    """A large body that collects in a bytearray until it is committed."""

    def __init__(self, node: MemoryObjectNode, key: bytes) -> None:
        self._node = node
        self._key = key
        self._body = bytearray()
        self._over = False

    def write(self, piece: memoryview) -> Promise[None]:
        assert len(piece) <= WRITE_BYTES_MAX, "a piece is too large"
        if self._over:
            return Promise.failed(Rejected(409, "the upload is over"))
        self._body += piece
        return Promise.of(None)

    def commit(self, state: ObjectState, *, row_owed: bool = True) -> Promise[Receipt]:
        if self._over:
            return Promise.failed(Rejected(409, "the upload is over"))
        self._over = True
        return self._node._put(self._key, state, bytes(self._body), row_owed)

    def abort(self) -> None:
        self._over = True


class _Lock:
    """Who holds a name, and who waits for it, first come first served."""

    def __init__(self) -> None:
        self.holder = ""
        self._turn = 0  # grows with every grant: an old timer ends no new lock
        self._queue: deque[tuple[str, Callable[[], None], Promise[Lookup]]] = deque()

    def take(self, token: str) -> bool:
        if self.holder not in ("", token):
            return False
        self.holder = token
        return True

    def wait(
        self,
        token: str,
        granted: Callable[[], None],
        promise: Promise[Lookup],
        seconds: float,
    ) -> None:
        for place, (waiting, _, forgotten) in enumerate(self._queue):
            if waiting == token and not forgotten.done:
                self._queue[place] = token, granted, promise
                forgotten.fail(Unavailable("asked for again"))
                break
        else:
            self._queue.append((token, granted, promise))
        error = Unavailable("the name is locked by another writer")
        concurrency.spawn_later(seconds, promise.fail, error)

    def expire_after(self, seconds: float, token: str) -> None:
        self._turn += 1
        turn = self._turn

        def expire() -> None:
            if self._turn == turn:
                self.release(token)

        concurrency.spawn_later(seconds, expire)

    def release(self, token: str) -> None:
        if self.holder != token:
            return
        self.holder = ""
        while self._queue:
            token, granted, promise = self._queue.popleft()
            if not promise.done:
                self.holder = token
                granted()
                return
