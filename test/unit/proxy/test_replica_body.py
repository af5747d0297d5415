"""A body that goes on at another replica: the very bytes, however slow the reader."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, DeadlineExceeded, Unavailable
from objectstore.proxy.objects.replica_body import ReplicaSpans, read_body
from objectstore.proxy.rounds.patience import Patience
from objectstore.proxy.settings import ProxySettings
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


def patience() -> Patience:
    return Patience(ProxySettings(), SystemClock())


def test_what_is_queued_in_a_socket_does_not_change() -> None:
    nodes = iter([Node(BadSpans()), Node(PIECES)])
    body = read_body(nodes, b"k" * 16, 1, (0, len(WHOLE)), patience())  # type: ignore[arg-type]
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


class Hanging:
    """A replica whose disk hangs after its first piece."""

    def __iter__(self) -> Iterator[bytes]:
        yield PIECES[0]
        raise DeadlineExceeded("the disk hangs")

    def spans(self) -> Iterator[Span]:
        return map(memoryview, self)

    def close(self) -> None:
        pass


class Rest(Node):
    """Another replica: gives what is asked for."""

    def read(self, key: bytes, timestamp: int, start: int, stop: int) -> Promise[Any]:
        return Promise.of([WHOLE[start:stop]])


@pytest.mark.parametrize("spans", [True, False])
def test_another_replica_goes_on_where_a_disk_hangs(spans: bool) -> None:
    hanging, rest, waited = Node(Hanging()), Rest(None), patience()
    body = read_body(iter([hanging, rest]), b"k" * 16, 1, (0, len(WHOLE)), waited)  # type: ignore[list-item]
    assert isinstance(body, ReplicaSpans)
    pieces = body.spans() if spans else iter(body)
    assert b"".join(bytes(piece) for piece in pieces) == WHOLE  # type: ignore[arg-type]
    assert waited.is_suspect(hanging)
    assert not waited.is_suspect(rest)


def test_where_no_replica_can_go_on_the_body_ends_with_an_error() -> None:
    nodes = iter([Node(Hanging())])
    body = read_body(nodes, b"k" * 16, 1, (0, len(WHOLE)), patience())  # type: ignore[arg-type]
    pieces = iter(body)
    assert next(pieces) == PIECES[0]
    with pytest.raises(Unavailable):
        next(pieces)
