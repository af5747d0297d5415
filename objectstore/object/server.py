"""The object server: this process' objects over HTTP.

Exposes any ``ObjectNode`` per policy and device; what a verb takes and gives
is in ``doc/formats-wire.md``.  Uploads have a file of their own
(``upload_handler``), being the only verb that is a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected
from objectstore.object.upload_handler import receive_upload
from objectstore.wire import codec, frames, paths
from objectstore.wire.nodes import INLINE_BYTES_MAX, ObjectNode
from objectstore.wire.partition_codec import decode_page_wanted, decode_partitions
from objectstore.wire.records import Lookup, Receipt
from objectstore.wire.remote_owed import decode_owed
from objectstore.wire.serving import (
    Call,
    NodeServer,
    RequestCall,
    Stream,
    Verbs,
)

POLICY_MAX = 2**31
TOKEN_CHARACTERS_MAX = 200
# A lock outlives no request; requests with large bodies may take an hour.
RESERVE_SECONDS_MAX = 3600.0


def object_server(
    nodes: Mapping[tuple[int, str], ObjectNode],
    secret: str,
) -> NodeServer:
    """The application for these (policy, device) pairs; ``nodes`` is looked up at
    each request, so devices may come and go."""

    def find(parts: list[str]) -> ObjectNode | None:
        policy = paths.parse_number(parts[3], POLICY_MAX)
        return None if policy is None else nodes.get((policy, parts[4]))

    return NodeServer(
        "object",
        5,
        find,
        OBJECT_VERBS,
        secret,
        streams=OBJECT_STREAMS,
    )


def _lookup(node: ObjectNode, call: Call) -> Promise[bytes]:
    return node.lookup(call.key, want_body=True).then(_encode_lookup)


def _state(node: ObjectNode, call: Call) -> Promise[bytes]:
    return node.lookup(call.key, want_body=False).then(_encode_lookup)


def _encode_lookup(lookup: Lookup) -> bytes:
    state = None if lookup.state is None else codec.encode_state(lookup.state)
    return frames.join((state, lookup.body is not None), lookup.body or b"")


def _read(node: ObjectNode, call: RequestCall) -> Stream:
    timestamp, start, stop = call.number(0), call.number(1), call.number(2)
    if start > stop:
        raise codec.Malformed("the range is backwards")
    pieces = node.read(call.key, timestamp, start, stop).wait(call.wait_seconds)
    return Stream(stop - start, pieces)


def _put(node: ObjectNode, call: Call) -> Promise[bytes]:
    head, body = frames.split(call.body(frames.FRAMED_BYTES_MAX))
    raw, row_owed = codec.fields(head, list, bool)
    if len(body) > INLINE_BYTES_MAX:
        raise Rejected(413, "too large for one record")
    state = codec.decode_state(raw)
    return _receipt(node.put(call.key, state, body, row_owed=row_owed))


def _post(node: ObjectNode, call: Call) -> Promise[bytes]:
    return _receipt(node.post(call.key, codec.decode_state(call.message())))


def _delete(node: ObjectNode, call: Call) -> Promise[bytes]:
    raw, row_owed = codec.fields(call.message(), list, bool)
    state = codec.decode_state(raw)
    return _receipt(node.delete(call.key, state, row_owed=row_owed))


def _merge(node: ObjectNode, call: Call) -> Promise[bytes]:
    head, body = frames.split(call.body(frames.FRAMED_BYTES_MAX))
    raw, has_body = codec.fields(head, list, bool)
    state = codec.decode_state(raw)
    return _receipt(node.merge(call.key, state, body if has_body else None))


def _forget(node: ObjectNode, call: Call) -> Promise[bytes]:
    return _receipt(node.forget(call.key, codec.timestamp(call.message())))


def _paid(node: ObjectNode, call: Call) -> bytes:
    for pair in codec.array(call.message()):
        key, timestamp = codec.fields(pair, bytes, int)
        node.paid(key, codec.timestamp(timestamp))
    return codec.pack(None)


def _reserve(node: ObjectNode, call: Call) -> Promise[bytes]:
    token, seconds = codec.fields(call.message(), str, float)
    if not (0 < seconds <= RESERVE_SECONDS_MAX and len(token) <= TOKEN_CHARACTERS_MAX):
        raise codec.Malformed("the lock's time or token is out of bounds")
    call.wait_seconds += seconds
    return node.reserve(call.key, token, seconds).then(_encode_lookup)


def _release(node: ObjectNode, call: Call) -> bytes:
    (token,) = codec.fields(call.message(), str)
    node.release(call.key, token)
    return codec.pack(None)


def _digests(node: ObjectNode, call: Call) -> Promise[bytes]:
    partitions, part_power = decode_partitions(call.message())
    return node.digests(partitions, part_power).then(codec.pack)


def _states(node: ObjectNode, call: Call) -> Promise[bytes]:
    return node.states(*decode_page_wanted(call.message())).then(codec.pack)


def _owe(node: ObjectNode, call: Call) -> bytes:
    for key, device_ids in decode_owed(call.message()):
        node.owe_copy(key, device_ids)
    return codec.pack(None)


def _receipt(promise: Promise[Receipt]) -> Promise[bytes]:
    return promise.then(codec.pack_receipt)


OBJECT_VERBS: Verbs = {
    ("GET", ""): _lookup,
    ("GET", "state"): _state,
    ("PUT", ""): _put,
    ("POST", ""): _post,
    ("DELETE", ""): _delete,
    ("PUT", "merge"): _merge,
    ("POST", "forget"): _forget,
    ("POST", "paid"): _paid,
    ("POST", "reserve"): _reserve,
    ("POST", "release"): _release,
    ("POST", "digests"): _digests,
    ("POST", "states"): _states,
    ("POST", "owe"): _owe,
}
OBJECT_STREAMS: Verbs = {
    ("GET", "read"): _read,
    ("PUT", "upload"): receive_upload,
}
