"""The verbs that account and container servers have in common."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, row_codec
from objectstore.wire.listing_forms import FORMS
from objectstore.wire.nodes import DatabaseNode
from objectstore.wire.partition_codec import decode_page_wanted, decode_partitions
from objectstore.wire.remote_owed import decode_owed
from objectstore.wire.serving import Call, Verbs


def _info(node: DatabaseNode, call: Call) -> Promise[bytes]:
    return node.info(call.key).then(
        lambda info: codec.pack(None if info is None else codec.encode_info(info))
    )


def _list(node: DatabaseNode, call: Call) -> Promise[bytes]:
    query = codec.decode_query(call.message())
    return node.list(call.key, query).then(codec.pack)


def _shown(node: DatabaseNode, call: Call) -> Promise[bytes]:
    form, raw = codec.fields(call.message(), str, list)
    if form not in FORMS:
        raise codec.Malformed("no form of a listing")
    return node.shown(call.key, codec.decode_query(raw), form).then(codec.pack)


def _rows(node: DatabaseNode, call: Call) -> Promise[bytes]:
    query = codec.decode_query(call.message())
    return node.rows(call.key, query).then(
        lambda page: codec.pack(row_codec.encode_page(page))
    )


def _post(node: DatabaseNode, call: Call) -> Promise[bytes]:
    items = codec.decode_timed(call.message())
    return node.post(call.key, items).then(codec.pack_receipt)


def _delete(node: DatabaseNode, call: Call) -> Promise[bytes]:
    timestamp = codec.timestamp(call.message())
    return node.delete(call.key, timestamp).then(codec.pack_receipt)


def _digests(node: DatabaseNode, call: Call) -> Promise[bytes]:
    partitions, part_power = decode_partitions(call.message())
    return node.digests(partitions, part_power).then(codec.pack)


def _states(node: DatabaseNode, call: Call) -> Promise[bytes]:
    return node.states(*decode_page_wanted(call.message())).then(codec.pack)


def _copy_of(node: DatabaseNode, call: Call) -> Promise[bytes]:
    return node.copy_of(call.key).then(
        lambda copy: codec.pack(None if copy is None else codec.encode_copy(copy))
    )


def _row_digests(node: DatabaseNode, call: Call) -> Promise[bytes]:
    ranges: list[Any] = [
        tuple(codec.fields(pair, str, str)) for pair in codec.array(call.message())
    ]
    return node.row_digests(call.key, ranges).then(
        lambda digests: codec.pack(list(digests))
    )


def _merge_copy(node: DatabaseNode, call: Call) -> Promise[bytes]:
    raw, rows = codec.fields(call.message(), list, list)
    copy = codec.decode_copy(raw)
    if copy.container:
        promise = node.merge_copy(call.key, copy, row_codec.decode_object_rows(rows))
    else:
        promise = node.merge_copy(call.key, copy, row_codec.decode_container_rows(rows))
    return promise.then(codec.pack_receipt)


def _forget(node: DatabaseNode, call: Call) -> Promise[bytes]:
    digest = codec.integer(call.message(), 2**64 - 1)
    return node.forget(call.key, digest).then(codec.pack_receipt)


def _owe(node: DatabaseNode, call: Call) -> bytes:
    for key, device_ids in decode_owed(call.message()):
        node.owe_copy(key, device_ids)
    return codec.pack(None)


DATABASE_VERBS: Verbs = {
    ("GET", ""): _info,
    ("POST", "list"): _list,
    ("POST", "shown"): _shown,
    ("POST", "rows"): _rows,
    ("POST", ""): _post,
    ("DELETE", ""): _delete,
    ("POST", "digests"): _digests,
    ("POST", "states"): _states,
    ("GET", "copy"): _copy_of,
    ("POST", "row_digests"): _row_digests,
    ("PUT", "copy"): _merge_copy,
    ("POST", "forget"): _forget,
    ("POST", "owe"): _owe,
}
