"""The verbs that account and container servers have in common."""

from __future__ import annotations

from objectstore.wire import codec, row_codec
from objectstore.wire.listing_forms import FORMS
from objectstore.wire.nodes import DatabaseNode
from objectstore.wire.partition_codec import decode_page_wanted, decode_partitions
from objectstore.wire.remote_owed import decode_owed
from objectstore.wire.serving import Call, Verbs


def _info(node: DatabaseNode, call: Call) -> bytes:
    info = node.info(call.key).wait(call.wait_seconds)
    return codec.pack(None if info is None else codec.encode_info(info))


def _list(node: DatabaseNode, call: Call) -> bytes:
    query = codec.decode_query(call.message())
    return codec.pack(node.list(call.key, query).wait(call.wait_seconds))


def _shown(node: DatabaseNode, call: Call) -> bytes:
    form, raw = codec.fields(call.message(), str, list)
    if form not in FORMS:
        raise codec.Malformed("no form of a listing")
    page = node.shown(call.key, codec.decode_query(raw), form)
    return codec.pack(page.wait(call.wait_seconds))


def _rows(node: DatabaseNode, call: Call) -> bytes:
    query = codec.decode_query(call.message())
    page = node.rows(call.key, query).wait(call.wait_seconds)
    return codec.pack(row_codec.encode_page(page))


def _post(node: DatabaseNode, call: Call) -> bytes:
    items = codec.decode_timed(call.message())
    receipt = node.post(call.key, items).wait(call.wait_seconds)
    return codec.pack(codec.encode_receipt(receipt))


def _delete(node: DatabaseNode, call: Call) -> bytes:
    timestamp = codec.timestamp(call.message())
    receipt = node.delete(call.key, timestamp).wait(call.wait_seconds)
    return codec.pack(codec.encode_receipt(receipt))


def _digests(node: DatabaseNode, call: Call) -> bytes:
    partitions, part_power = decode_partitions(call.message())
    return codec.pack(node.digests(partitions, part_power).wait(call.wait_seconds))


def _states(node: DatabaseNode, call: Call) -> bytes:
    page = node.states(*decode_page_wanted(call.message()))
    return codec.pack(page.wait(call.wait_seconds))


def _copy_of(node: DatabaseNode, call: Call) -> bytes:
    copy = node.copy_of(call.key).wait(call.wait_seconds)
    return codec.pack(None if copy is None else codec.encode_copy(copy))


def _row_digests(node: DatabaseNode, call: Call) -> bytes:
    ranges = [
        tuple(codec.fields(pair, str, str)) for pair in codec.array(call.message())
    ]
    digests = node.row_digests(call.key, ranges).wait(call.wait_seconds)
    return codec.pack(list(digests))


def _merge_copy(node: DatabaseNode, call: Call) -> bytes:
    raw, rows = codec.fields(call.message(), list, list)
    copy = codec.decode_copy(raw)
    if copy.container:
        promise = node.merge_copy(call.key, copy, row_codec.decode_object_rows(rows))
    else:
        promise = node.merge_copy(call.key, copy, row_codec.decode_container_rows(rows))
    return codec.pack(codec.encode_receipt(promise.wait(call.wait_seconds)))


def _forget(node: DatabaseNode, call: Call) -> bytes:
    digest = codec.integer(call.message(), 2**64 - 1)
    receipt = node.forget(call.key, digest).wait(call.wait_seconds)
    return codec.pack(codec.encode_receipt(receipt))


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
