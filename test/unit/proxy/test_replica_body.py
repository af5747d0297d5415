"""A body that goes on at another replica: the very bytes, however slow the reader."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt
from objectstore.proxy.replica_body import ReplicaSpans, read_body
from objectstore.wire.nodes import Span

PIECES = [bytes([n]) * 50_000 for n in range(1, 4)]
WHOLE = b"".join(PIECES)


class BadSpans:
    """A near replica whose first block turns out bad."""

    def __iter__(self) -> Iterator[bytes]:
        raise Corrupt("bad")

    def spans(self) -> Iterator[Span]:
        raise Corrupt("bad")

    def close(self) -> None:
        pass


class Node:
    def __init__(self, body: Any) -> None:
        self.body = body

    def read(self, key: bytes, timestamp: int, start: int, stop: int) -> Promise[Any]:
        return Promise.of(self.body)


def test_what_is_queued_in_a_socket_does_not_change() -> None:
    nodes = iter([Node(BadSpans()), Node(PIECES)])
    body = read_body(nodes, b"k" * 16, 1, (0, len(WHOLE)), 1.0)  # type: ignore[arg-type]
    assert isinstance(body, ReplicaSpans)
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    for span in body.spans():
        assert isinstance(span, memoryview)
        assert ours.send(span) == len(span)
    ours.close()
    received = b""
    while piece := theirs.recv(1 << 20):
        received += piece
    theirs.close()
    assert received == WHOLE
