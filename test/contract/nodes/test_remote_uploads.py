"""Uploads to a remote node that end before their time, or cannot be taken."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import (
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.wire import codec, frames
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX
from objectstore.wire.peer import Peer
from objectstore.wire.records import ListingQuery
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes.remote import IMPATIENT, Stranger, Wiring, served
from test.contract.nodes.samples import KEY, data, kept, key_of
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode
from test.fakes.servers import SECRET, client_of


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
