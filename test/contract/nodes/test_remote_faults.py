"""A remote node whose peer fails: its errors, slow calls, replies cut midway."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientSettings
from objectstore.kernel.errors import (
    Corrupt,
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.object.server import object_server
from objectstore.wire.peer import Peer
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes.remote import (
    Stranger,
    Wiring,
    calls,
    reply_of,
    saying,
    served,
    silent,
)
from test.contract.nodes.samples import KEY, data, kept
from test.fakes.servers import SECRET, client_of, serve

FEW = ClientSettings(connections_max=4)
PATIENT_SECONDS = 30.0


def test_an_unknown_device_and_an_unknown_policy(stack: Wiring) -> None:
    client = client_of(serve(object_server({}, SECRET), stack), stack)
    for node in (
        RemoteObjectNode(Peer(client, SECRET), 0, "sdz"),
        RemoteObjectNode(Peer(client, SECRET), 9, "sda"),
    ):
        for call in calls(node).values():
            with pytest.raises(InsufficientStorage):
                kept(call())


@pytest.mark.parametrize(
    "error",
    [
        Corrupt("bad crc"),
        InsufficientStorage("full"),
        DeadlineExceeded("slow disk"),
        Unavailable("closing"),
        Rejected(409, "no, ö", (("X-Why", "because"),)),
    ],
)
def test_the_node_s_own_errors_cross(stack: Wiring, error: Exception) -> None:
    node, faults, _ = served(stack)
    for name in ("lookup", "put", "delete", "digests", "read", "begin"):
        faults.fail(name, error=error)
        with pytest.raises(type(error)) as caught:
            kept(calls(node)[name]())
        assert type(caught.value) is type(error)
        assert str(caught.value) == str(error)


def test_a_slow_node(stack: Wiring) -> None:
    node, faults, _ = served(stack)
    faults.hold = concurrency.Event()
    with pytest.raises(DeadlineExceeded):
        kept(node.put(KEY, data(5), b"body"))
    faults.hold.set()


def test_a_call_after_a_bad_one_uses_a_new_connection(stack: Wiring) -> None:
    node, faults, _ = served(stack)
    faults.hold = concurrency.Event()
    with pytest.raises(DeadlineExceeded):
        kept(node.lookup(KEY, want_body=True))
    faults.hold.set()
    faults.hold = None
    kept(node.put(KEY, data(5), b"body"))
    assert kept(node.lookup(KEY, want_body=True)).body == b"body"


def test_a_read_that_breaks_midway(stack: Wiring) -> None:
    node, faults, memory = served(stack)
    body = bytes(range(256)) * 4096
    memory.objects[KEY], memory.bodies[KEY] = data(5, body), body
    for error in (Corrupt("bad block"), Unavailable("disk gone")):
        faults.fail("piece", after=3, error=error)
        pieces = iter(kept(node.read(KEY, 5, 0, len(body))))
        got = b""
        with pytest.raises(Unavailable):
            for piece in pieces:
                got += piece
        assert body.startswith(got)
        assert len(got) < len(body)
    faults.fail("piece", error=Corrupt("at once"))
    with pytest.raises((Unavailable, Corrupt)):
        b"".join(kept(node.read(KEY, 5, 0, len(body))))


def test_a_reply_cut_midway_is_unavailable(stack: Wiring) -> None:
    reply = reply_of(b"x" * 1000)[:-300]
    node = Stranger(saying(reply), stack).node(stack)
    pieces = iter(kept(node.read(KEY, 5, 0, 1000)))
    got = b""
    with pytest.raises(Unavailable):
        for piece in pieces:
            got += piece
    assert got == b"x" * 700


def test_a_reply_that_stalls_midway_is_unavailable(stack: Wiring) -> None:
    def answer(sock: Any) -> None:
        sock.recv(65536)
        sock.sendall(reply_of(b"x" * 1000)[:-300])
        silent(sock)

    node = Stranger(answer, stack).node(stack)
    pieces = iter(kept(node.read(KEY, 5, 0, 1000)))
    with pytest.raises(Unavailable):
        for _ in pieces:
            pass


def test_bodies_nobody_reads_give_their_connections_back(stack: Wiring) -> None:
    # Few connections, and patience: a busy machine is none that gives nothing back.
    node, _, memory = served(stack, FEW, PATIENT_SECONDS)
    body = bytes(8 * 1024 * 1024)
    memory.objects[KEY], memory.bodies[KEY] = data(5, body), body
    for _ in range(2 * FEW.connections_max):
        kept(node.read(KEY, 5, 0, len(body)))
    for _ in range(2 * FEW.connections_max):
        kept(node.begin(KEY, None))
    assert kept(node.lookup(KEY, want_body=False)).state == data(5, body)
