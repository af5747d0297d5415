"""The container server: this process' containers over HTTP.

Exposes any ``ContainerNode`` per device; what a verb takes and gives is in
``doc/formats-wire.md``.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, row_codec
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import ContainerName
from objectstore.wire.serving import Call, NodeServer, Verbs
from objectstore.wire.serving_database import DATABASE_VERBS


def container_server(
    nodes: Mapping[str, ContainerNode],
    secret: str,
) -> NodeServer:
    """The application for these devices; ``nodes`` is looked up at each request,
    so devices may come and go."""
    return NodeServer(
        "container",
        4,
        lambda parts: nodes.get(parts[3]),
        CONTAINER_VERBS,
        secret,
    )


def _create(node: ContainerNode, call: Call) -> Promise[bytes]:
    account, container, timestamp, items, policy = codec.fields(
        call.message(), str, str, int, dict, int
    )
    return node.create(
        call.key,
        ContainerName(account, container),
        codec.timestamp(timestamp),
        codec.decode_timed(items),
        codec.integer(policy),
    ).then(codec.pack_receipt)


def _merge(node: ContainerNode, call: Call) -> Promise[bytes]:
    rows = row_codec.decode_object_rows(call.message())
    return node.merge(call.key, rows).then(codec.pack_receipt)


CONTAINER_VERBS: Verbs = {
    **DATABASE_VERBS,
    ("PUT", ""): _create,
    ("POST", "merge"): _merge,
}
