"""A remote node whose peer is away, silent, or nobody of ours."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

import pytest

from objectstore.kernel.errors import (
    DeadlineExceeded,
    Unavailable,
)
from objectstore.wire import codec, frames
from objectstore.wire.errors import ERROR_CONTENT_TYPE
from objectstore.wire.peer import Peer
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes.remote import (
    IMPATIENT,
    Stranger,
    Wiring,
    calls,
    reply_of,
    saying,
    silent,
)
from test.contract.nodes.samples import KEY, data, kept
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode
from test.fakes.servers import SECRET, client_of

CALLS = sorted(calls(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("call", CALLS)
def test_nobody_listens(stack: Wiring, call: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()[:2]
    peer = Peer(client_of(address, stack, IMPATIENT), SECRET)
    with pytest.raises(Unavailable):
        kept(calls(RemoteObjectNode(peer, 0, "sda"))[call]())


@pytest.mark.parametrize("call", CALLS)
def test_the_peer_never_answers(stack: Wiring, call: str) -> None:
    node = Stranger(silent, stack).node(stack)
    with pytest.raises(DeadlineExceeded):
        kept(calls(node)[call]())


@pytest.mark.parametrize("call", CALLS)
def test_the_peer_hangs_up(stack: Wiring, call: str) -> None:
    node = Stranger(saying(b""), stack).node(stack)
    with pytest.raises(Unavailable):
        kept(calls(node)[call]())


GARBAGE = [
    b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    b"\x00" * 100,
    b"HTTP/1.1 200 OK\r\n\r\nwithout a length",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n",
    reply_of(b""),
    reply_of(b"<html>It works!</html>"),
    reply_of(codec.pack({"a": 1})),
    reply_of(codec.pack([["x"], 3, None])),
    reply_of(codec.pack([True, 1])),
    reply_of(frames.join([None, None])),
    reply_of(frames.join([["x"], True])),
    reply_of(bytes([codec.VERSION + 1]) + codec.pack([True, True])[1:]),
    reply_of(b"garbage", "500 Oops", ERROR_CONTENT_TYPE),
    reply_of(codec.pack(["what", 1, "", []]), "503 No", ERROR_CONTENT_TYPE),
    reply_of(b"plain", "404 Not Found"),
    reply_of(b"plain", "403 Forbidden"),
    reply_of(b"plain", "400 Bad Request"),
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_the_peer_talks_nonsense(stack: Wiring, garbage: bytes) -> None:
    node = Stranger(saying(garbage), stack).node(stack)
    for call in calls(node).values():
        with pytest.raises(Unavailable):
            kept(call())


@pytest.mark.parametrize("seed", range(3))
def test_any_reply_body_is_a_value_or_unavailable(stack: Wiring, seed: int) -> None:
    chance = random.Random(seed)
    sound = codec.pack([codec.encode_state(data(5)), True])
    body = bytearray(sound)
    for _ in range(40):
        broken = bytearray(body)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        node = Stranger(saying(reply_of(bytes(broken))), stack).node(stack)
        for promise in (node.lookup(KEY, want_body=True), node.forget(KEY, 1)):
            with suppress(Unavailable):
                kept(promise)


def test_another_secret(stack: Wiring) -> None:
    faults = Faults()
    client = client_of(stack.serve(Faulty(MemoryObjectNode(), faults)), stack)
    node = RemoteObjectNode(Peer(client, "not the secret"), 0, "sda")
    for call in calls(node).values():
        with pytest.raises(Unavailable):
            kept(call())
    assert faults.calls == []
