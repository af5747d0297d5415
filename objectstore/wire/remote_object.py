"""An ``ObjectNode`` in another process.

``doc/formats-wire.md`` lists the requests.  A put is one request with head and
body in one piece; the framed body is kept until the next put, because a proxy
sends the same one to several replicas in a row.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import Rejected
from objectstore.wire import codec, frames, paths
from objectstore.wire.nodes import INLINE_BYTES_MAX, Upload
from objectstore.wire.peer import Peer
from objectstore.wire.records import Lookup, ObjectState, Receipt
from objectstore.wire.remote_node import RemoteNode
from objectstore.wire.remote_paid import PaidMarks
from objectstore.wire.remote_upload import RemoteUpload, decode_receipt


class RemoteObjectNode(RemoteNode):
    """One device's objects of one policy, behind ``peer``."""

    def __init__(self, peer: Peer, policy: int, device: str) -> None:
        super().__init__(peer, paths.object_prefix(policy, device))
        self._paid = PaidMarks(peer, self._prefix)

    def lookup(self, key: bytes, *, want_body: bool) -> Promise[Lookup]:
        """See ``ObjectNode``."""
        verb = "" if want_body else "/state"
        return self._peer.call(
            "GET", self._prefix + key.hex() + verb, None, _decode_lookup
        )

    def read(
        self, key: bytes, timestamp: int, start: int, stop: int
    ) -> Promise[Iterable[bytes]]:
        """See ``ObjectNode``; what comes should be closed when not read whole."""
        target = f"{self._prefix}{key.hex()}/read/{timestamp}/{start}/{stop}"
        return self._peer.stream(target, stop - start)  # type: ignore[return-value]

    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        if len(body) > INLINE_BYTES_MAX:
            return Promise.failed(Rejected(413, "too large for one record"))
        return self._peer.call(
            "PUT",
            self._prefix + key.hex(),
            lambda: _framed(state, row_owed, body),
            decode_receipt,
        )

    def begin(self, key: bytes, size_hint: int | None) -> Promise[Upload]:
        """See ``ObjectNode``."""
        hint = "-" if size_hint is None else str(size_hint)
        target = f"{self._prefix}{key.hex()}/upload/{hint}"
        peer = self._peer
        return peer.open("PUT", target, lambda call: RemoteUpload(peer, call))

    def post(self, key: bytes, state: ObjectState) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        return self._change("POST", key, "", codec.encode_state(state))

    def delete(
        self, key: bytes, state: ObjectState, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        return self._change("DELETE", key, "", (codec.encode_state(state), row_owed))

    def paid(self, key: bytes, timestamp: int) -> None:
        """See ``ObjectNode``; goes out with others a little later."""
        self._paid.add(key, timestamp)

    def reserve(self, key: bytes, token: str, seconds: float) -> Promise[Lookup]:
        """See ``ObjectNode``."""
        return self._peer.call(
            "POST",
            f"{self._prefix}{key.hex()}/reserve",
            lambda: codec.pack((token, float(seconds))),
            _decode_lookup,
            response_seconds=seconds + self._peer.response_seconds,
        )

    def release(self, key: bytes, token: str) -> None:
        """See ``ObjectNode``; a lost one ends by itself."""
        target = f"{self._prefix}{key.hex()}/release"
        self._peer.call(
            "POST", target, lambda: codec.pack((token,)), lambda reply: None
        )

    def merge(
        self, key: bytes, state: ObjectState, body: bytes | None
    ) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        if body is not None and len(body) > INLINE_BYTES_MAX:
            return Promise.failed(Rejected(413, "too large for one record"))
        head = (codec.encode_state(state), body is not None)
        return self._peer.call(
            "PUT",
            f"{self._prefix}{key.hex()}/merge",
            lambda: frames.join(head, body or b""),
            decode_receipt,
        )

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        """See ``ObjectNode``."""
        return self._change("POST", key, "/forget", newest)

    def _change(
        self, method: str, key: bytes, verb: str, value: object
    ) -> Promise[Receipt]:
        return self._peer.call(
            method,
            self._prefix + key.hex() + verb,
            lambda: codec.pack(value),
            decode_receipt,
        )


_last_put: tuple[ObjectState | None, bool, Buffer] = (None, False, b"")
_last_framed = b""


def _framed(state: ObjectState, row_owed: bool, body: Buffer) -> bytes:
    """The body of a put's request; made once for all the replicas of a put."""
    global _last_put, _last_framed
    last_state, last_owed, last_body = _last_put
    if state is last_state and body is last_body and row_owed is last_owed:
        return _last_framed
    framed = frames.join((codec.encode_state(state), row_owed), body)
    _last_put, _last_framed = (state, row_owed, body), framed
    return framed


def _decode_lookup(framed: bytes) -> Lookup:
    head, body = frames.split(framed)
    if type(head) is not list or len(head) != 2 or type(head[1]) is not bool:
        raise codec.Malformed("not a look-up")
    raw, has_body = head
    state = None if raw is None else codec.decode_state(raw)
    return Lookup(state, body if has_body else None)
