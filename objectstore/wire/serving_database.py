"""The verbs that account and container servers have in common."""

from __future__ import annotations

from objectstore.wire import codec, row_codec
from objectstore.wire.nodes import DatabaseNode
from objectstore.wire.serving import Call, Verbs


def _info(node: DatabaseNode, call: Call) -> bytes:
    info = node.info(call.key).wait(call.wait_seconds)
    return codec.pack(None if info is None else codec.encode_info(info))


def _list(node: DatabaseNode, call: Call) -> bytes:
    query = codec.decode_query(call.message())
    return codec.pack(node.list(call.key, query).wait(call.wait_seconds))


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


DATABASE_VERBS: Verbs = {
    ("GET", ""): _info,
    ("POST", "list"): _list,
    ("POST", "rows"): _rows,
    ("POST", ""): _post,
    ("DELETE", ""): _delete,
}
