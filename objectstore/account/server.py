"""The account server: this process' accounts over HTTP.

Exposes any ``AccountNode`` per device; what a verb takes and gives is in
``doc/formats-wire.md``.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, row_codec
from objectstore.wire.nodes import AccountNode
from objectstore.wire.serving import Call, NodeServer, Verbs
from objectstore.wire.serving_database import DATABASE_VERBS


def account_server(
    nodes: Mapping[str, AccountNode],
    secret: str,
) -> NodeServer:
    """The application for these devices; ``nodes`` is looked up at each request,
    so devices may come and go."""
    return NodeServer(
        "account",
        4,
        lambda parts: nodes.get(parts[3]),
        ACCOUNT_VERBS,
        secret,
    )


def _create(node: AccountNode, call: Call) -> Promise[bytes]:
    account, timestamp, items = codec.fields(call.message(), str, int, dict)
    return node.create(
        call.key, account, codec.timestamp(timestamp), codec.decode_timed(items)
    ).then(codec.pack_receipt)


def _merge(node: AccountNode, call: Call) -> Promise[bytes]:
    account, raw = codec.fields(call.message(), str, list)
    rows = row_codec.decode_container_rows(raw)
    return node.merge(call.key, account, rows).then(codec.pack_receipt)


ACCOUNT_VERBS: Verbs = {
    **DATABASE_VERBS,
    ("PUT", ""): _create,
    ("POST", "merge"): _merge,
}
