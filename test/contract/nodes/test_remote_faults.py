"""Peers that die, lie, stall or are strangers: always one of the three roots.

``Stranger`` is a bare socket server that says what a test tells it to, byte for
byte, so that replies can be cut, garbled and delayed.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
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
from objectstore.wire import codec, frames
from objectstore.wire.errors import ERROR_CONTENT_TYPE
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX
from objectstore.wire.peer import Peer
from objectstore.wire.records import ListingQuery
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes.samples import KEY, data, kept, key_of, tombstone
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode
from test.fakes.servers import SECRET, client_of, serve, with_channels

# A peer that says nothing is given up after this long, and the sweeper looks
# four times a second.
IMPATIENT = ClientSettings(
    connect_timeout=0.3, response_timeout=0.1, stall_timeout=0.3, probe_seconds=0.1
)
RESPONSE_SECONDS = 0.1


class Wiring(ExitStack):
    """What a test builds; whether its servers know channels."""

    def __init__(self, *, has_channels: bool) -> None:
        super().__init__()
        self.has_channels = has_channels

    def serve(self, node: Any) -> tuple[str, int]:
        """A server of that node, until the end; its address."""
        server = object_server({(0, "sda"): node}, SECRET)
        front = with_channels("object", server) if self.has_channels else server
        return serve(front, self)


@pytest.fixture(params=[True, False], ids=["channels", "requests"])
def stack(request: pytest.FixtureRequest) -> Iterator[Wiring]:
    with Wiring(has_channels=request.param) as wiring:
        yield wiring


class Stranger:
    """Accepts connections; ``answer(sock)`` plays each of them."""

    def __init__(self, answer: Callable[[Any], None], stack: Wiring) -> None:
        self._answer = answer
        self._listener = concurrency.green(
            socket.create_server(("127.0.0.1", 0), backlog=10)
        )
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.connections = 0
        task = concurrency.spawn(self._accept)
        stack.callback(self._listener.close)
        stack.callback(concurrency.kill_task, task)

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            self.connections += 1
            concurrency.spawn(self._play, sock)

    def _play(self, sock: Any) -> None:
        try:
            self._answer(sock)
        except OSError:
            pass  # the test's side has closed
        finally:
            sock.close()

    def node(self, stack: Wiring) -> RemoteObjectNode:
        return RemoteObjectNode(self.peer(stack), 0, "sda")

    def peer(self, stack: Wiring) -> Peer:
        client = client_of(self.address, stack, IMPATIENT)
        return Peer(client, SECRET, response_seconds=RESPONSE_SECONDS)


def saying(reply: bytes) -> Callable[[Any], None]:
    """Reads a request's head (and what came with it), replies, closes."""

    def answer(sock: Any) -> None:
        if sock.recv(65536):
            sock.sendall(reply)

    return answer


def silent(sock: Any) -> None:
    while sock.recv(65536):
        pass


def reply_of(body: bytes, status: str = "200 OK", kind: str = "x/y") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def calls(node: RemoteObjectNode) -> dict[str, Callable[[], Any]]:
    """Every call that promises something."""
    return {
        "lookup": lambda: node.lookup(KEY, want_body=True),
        "state": lambda: node.lookup(KEY, want_body=False),
        "read": lambda: node.read(KEY, 5, 0, 4321),
        "put": lambda: node.put(KEY, data(5), b"body"),
        "begin": lambda: node.begin(KEY, None),
        "post": lambda: node.post(KEY, data(5)),
        "delete": lambda: node.delete(KEY, tombstone(5)),
        "reserve": lambda: node.reserve(KEY, "token", 0.05),
        "digests": lambda: node.digests([1], 8),
        "states": lambda: node.states(1, 8, b"", 10),
        "merge": lambda: node.merge(KEY, data(5), b"body"),
        "forget": lambda: node.forget(KEY, 5),
    }


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


def served(stack: Wiring) -> tuple[RemoteObjectNode, Faults, MemoryObjectNode]:
    """A remote node, the faults behind it, the memory behind those."""
    faults, memory = Faults(), MemoryObjectNode()
    client = client_of(stack.serve(Faulty(memory, faults)), stack, IMPATIENT)
    peer = Peer(client, SECRET, response_seconds=RESPONSE_SECONDS)
    return RemoteObjectNode(peer, 0, "sda"), faults, memory


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
    node, _, memory = served(stack)
    body = bytes(8 * 1024 * 1024)
    memory.objects[KEY], memory.bodies[KEY] = data(5, body), body
    for _ in range(2 * IMPATIENT.connections_max):
        kept(node.read(KEY, 5, 0, len(body)))
    for _ in range(2 * IMPATIENT.connections_max):
        kept(node.begin(KEY, None))
    assert kept(node.lookup(KEY, want_body=False)).state == data(5, body)


def test_an_upload_cut_anywhere_is_not_committed(stack: Wiring) -> None:
    """Cut the raw request at every interesting place."""
    faults, memory = Faults(), MemoryObjectNode()
    aborted = faults.wait_for("abort")
    address = stack.serve(Faulty(memory, faults))
    piece = b"body"
    message = codec.pack((codec.encode_state(data(5)), True))
    payload = (
        frames.FRAME_HEAD.pack(frames.DATA, len(piece))
        + piece
        + frames.FRAME_HEAD.pack(frames.COMMIT, len(message))
        + message
    )
    request = (
        f"PUT /v1/object/0/sda/{KEY.hex()}/upload/- HTTP/1.1\r\nHost: x\r\n"
        f"X-Ringstack-Secret: {SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunked = b"%x\r\n" % len(payload) + payload + b"\r\n0\r\n\r\n"
    for cut in range(len(chunked)):
        aborted.clear()
        sock = concurrency.green(socket.create_connection(address))
        sock.sendall(request + chunked[:cut])
        sock.close()
        assert aborted.wait(5), cut
        assert memory.objects == {}, cut
    assert "commit" not in faults.calls
    sock = concurrency.green(socket.create_connection(address))
    sock.sendall(request + chunked)
    assert b"200 OK" in sock.recv(65536)
    sock.close()
    assert memory.bodies == {KEY: piece}


def test_a_full_device_refuses_before_the_body(stack: Wiring) -> None:
    node, faults, _ = served(stack)
    faults.fail("begin", error=InsufficientStorage("full"))
    with pytest.raises(InsufficientStorage):
        kept(node.begin(KEY, 10**9))
    upload = kept(node.begin(KEY, None))
    kept(upload.write(memoryview(b"body")))
    kept(upload.commit(data(5)))
    assert kept(node.lookup(KEY, want_body=True)).body == b"body"


def test_a_device_that_fills_up_midway(stack: Wiring) -> None:
    node, faults, memory = served(stack)
    faults.fail("write", after=2, error=InsufficientStorage("full"))
    upload = kept(node.begin(KEY, None))
    piece = memoryview(bytes(WRITE_BYTES_MAX))
    with pytest.raises(Unavailable):
        for _ in range(64):
            kept(upload.write(piece))
        kept(upload.commit(data(5, bytes(piece) * 64)))
    upload.abort()
    assert memory.objects == {}


def test_a_peer_that_dies_under_an_upload(stack: Wiring) -> None:
    def answer(sock: Any) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        sock.recv(65536)

    node = Stranger(answer, stack).node(stack)
    upload = kept(node.begin(KEY, None))
    piece = memoryview(bytes(WRITE_BYTES_MAX))
    with pytest.raises(Unavailable):
        for _ in range(64):
            kept(upload.write(piece))
        kept(upload.commit(data(5, bytes(piece) * 64)))
    with pytest.raises((Unavailable, Rejected)):
        kept(upload.write(piece))
    upload.abort()


def test_a_peer_that_takes_nothing_more_slows_then_fails_the_upload(
    stack: Wiring,
) -> None:
    released = concurrency.Event()

    def answer(sock: Any) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        released.wait()

    node = Stranger(answer, stack).node(stack)
    upload = kept(node.begin(KEY, None))
    piece = memoryview(bytes(WRITE_BYTES_MAX))
    with pytest.raises(DeadlineExceeded):
        for _ in range(64):
            kept(upload.write(piece))
    released.set()


def test_the_server_killed_midway(stack: Wiring) -> None:
    inner = stack.enter_context(Wiring(has_channels=stack.has_channels))
    faults, memory = Faults(), MemoryObjectNode()
    address = inner.serve(Faulty(memory, faults))
    client = client_of(address, stack, IMPATIENT)
    peer = Peer(client, SECRET)
    node = RemoteObjectNode(peer, 0, "sda")
    kept(node.put(KEY, data(5), b"body"))
    upload = kept(node.begin(key_of("other"), None))
    kept(upload.write(memoryview(b"body")))
    faults.hold = concurrency.Event()
    met = faults.wait_for("put")
    waiting = node.put(key_of("third"), data(5), b"body")
    assert met.wait(5)
    inner.close()  # every connection ends
    with pytest.raises(Unavailable):
        kept(waiting)
    with pytest.raises(Unavailable):
        kept(upload.commit(data(5)))
    with pytest.raises(Unavailable):
        kept(node.lookup(KEY, want_body=True))
    faults.hold.set()
    assert key_of("other") not in memory.objects


def test_a_body_the_message_cannot_carry_is_rejected_not_raised(
    stack: Wiring,
) -> None:
    node, _, _ = served(stack)
    bad = data(5, metadata={"X-Object-Meta-A": "\ud800"})
    for promise in (
        node.put(KEY, bad, b"body"),
        node.post(KEY, bad),
        node.merge(KEY, bad, b"body"),
    ):
        with pytest.raises(Rejected):
            kept(promise)
    upload = kept(node.begin(KEY, None))
    kept(upload.write(memoryview(b"body")))
    with pytest.raises(Rejected):
        kept(upload.commit(bad))
    container = RemoteContainerNode(Peer(client_of(("::1", 9), stack), SECRET), "sda")
    with pytest.raises(Rejected):
        kept(container.list(KEY, ListingQuery(prefix="\udcff")))


def test_too_large_a_put_is_rejected_here(stack: Wiring) -> None:
    node, faults, _ = served(stack)
    body = bytes(INLINE_BYTES_MAX + 1)
    with pytest.raises(Rejected):
        kept(node.put(KEY, data(5, body), body))
    with pytest.raises(Rejected):
        kept(node.merge(KEY, data(5, body), body))
    assert faults.calls == []
