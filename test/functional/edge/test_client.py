"""The client pool against the edge, and against peers that misbehave."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientPool, ClientSettings
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.wsgi import listen
from test.fakes.stepped_clock import SteppedClock
from test.functional.edge.harness import PATIENCE_SECONDS, open_descriptors, running

BODY = os.urandom(100_000)
IMPATIENT = ClientSettings(
    connect_timeout=0.3, response_timeout=0.3, stall_timeout=0.3, probe_seconds=0.2
)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/full":
        start_response("507 Insufficient Storage", [])
        return [b"full"]
    if path == "/none":
        start_response("204 No Content", [("X-Name", "value")])
        return []
    data = environ["wsgi.input"].read()
    if path == "/stream":
        start_response("200 OK", [])
        return iter([data[at : at + 1000] for at in range(0, len(data), 1000)])
    start_response("200 OK", [("X-Method", environ["REQUEST_METHOD"])])
    return [data]


@contextmanager
def calling(address, settings: ClientSettings = IMPATIENT) -> Iterator[Client]:
    pool = ClientPool(settings)
    try:
        yield pool.client(address)
    finally:
        pool.close()


@contextmanager
def edge_and_client(settings: ClientSettings = IMPATIENT):
    with running(application) as edge:
        with calling(edge.address, settings) as client:
            yield edge, client
        concurrency.sleep(0)


def test_requests_share_one_connection():
    with edge_and_client() as (edge, client):
        for _ in range(5):
            response = client.request("PUT", "/o", [(b"X-A", b"b")], BODY)
            assert response.status == 200
            assert response.header(b"x-method") == b"PUT"
            assert response.length == len(BODY)
            assert response.read() == BODY
            assert client.request("GET", "/none").status == 204
            assert client.request("HEAD", "/o").read() == b""
        assert edge.server.connections == 1


@pytest.mark.parametrize("length", [None, len(BODY)])
@pytest.mark.parametrize("target", ["/o", "/stream"])
def test_a_body_written_and_read_in_pieces(length, target):
    with edge_and_client() as (edge, client):
        for _ in range(2):
            call = client.open("PUT", target, length=length)
            for at in range(0, len(BODY), 30_000):
                call.write(memoryview(BODY)[at : at + 30_000])
            with call.finish() as response:
                got = bytearray(len(BODY))
                view = memoryview(got)
                assert response.readinto(view[:40_000]) == 40_000
                rest = response.read()
                view[40_000:] = rest
                assert got == BODY
        assert edge.server.connections == 1


def test_an_empty_chunked_body():
    with edge_and_client() as (_, client):
        assert client.open("PUT", "/o").finish().read() == b""
        assert client.open("PUT", "/o", length=0).finish().status == 200


def test_an_unread_reply_ends_its_connection():
    with edge_and_client() as (edge, client):
        for _ in range(3):
            with client.request("PUT", "/o", body=BODY) as response:
                assert len(response.read(10)) == 10
            assert edge.access.lines
        assert client.request("GET", "/none").status == 204


def test_an_early_answer_ends_the_upload():
    """The peer is full: it says so and takes no more of a large body."""
    with edge_and_client() as (_, client):
        call = client.open("PUT", "/full", length=100_000_000)
        for _ in range(100):
            call.write(bytes(1_000_000))
        response = call.finish()
        assert response.status == 507
        assert response.read() == b"full"
        assert client.request("GET", "/none").status == 204


def test_an_aborted_call_never_completes():
    with edge_and_client() as (edge, client):
        call = client.open("PUT", "/o", length=10)
        call.write(b"12345")
        call.abort()
        assert edge.access.wait_for(1)[0][2] == 499


def test_the_number_of_connections_is_bounded():
    settings = ClientSettings(connections_max=2, connect_timeout=0.1)
    with edge_and_client(settings) as (edge, client):
        first, second = (client.request("PUT", "/o", body=BODY) for _ in range(2))
        with pytest.raises(Unavailable, match="in use"):
            client.request("GET", "/none")
        assert first.read() == BODY
        assert client.request("GET", "/none").status == 204
        second.close()
        assert edge.server.connections <= 2


def test_a_line_end_in_a_header_is_our_own_mistake():
    with edge_and_client() as (_, client):
        with pytest.raises(ValueError):
            client.request("GET", "/none", [(b"A", b"b\r\nC: d")])
        with pytest.raises(ValueError):
            client.request("GET", "/none HTTP/1.1\r\nA: b")


def test_a_peer_that_is_down_fails_at_once_until_a_probe_finds_it(caplog):
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    address = listener.getsockname()
    # A full queue: the system drops what else comes, as a dead machine would.
    waiting = [socket.create_connection(address)]
    clock = SteppedClock()
    client = ClientPool(IMPATIENT, clock).client(address)
    with pytest.raises(Unavailable, match="cannot connect"):
        client.request("GET", "/")
    for _ in range(3):
        with pytest.raises(Unavailable, match="is down"):
            client.request("GET", "/")
    assert client.is_down
    clock.advance(1.0)
    with pytest.raises(Unavailable, match="cannot connect"):
        client.request("GET", "/")
    with pytest.raises(Unavailable, match="is down"):
        client.request("GET", "/")
    clock.advance(1.0)
    for each in (listener, *waiting):
        each.close()
    with Peer([b"HTTP/1.1 204 OK\r\n\r\n"], address[1]):
        assert client.request("GET", "/").status == 204
    assert not client.is_down
    client.drop_idle()
    # The log tells of the absence, not of every call.
    gone, back = [record.getMessage() for record in caplog.records]
    assert f"127.0.0.1:{address[1]} cannot be reached: " in gone
    assert back == f"127.0.0.1:{address[1]} can be reached again"


def test_a_peer_that_refuses_is_asked_again_at_once():
    listener = listen("127.0.0.1")
    address = listener.getsockname()
    listener.close()
    client = ClientPool(IMPATIENT, SteppedClock()).client(address)
    for _ in range(2):
        with pytest.raises(Unavailable, match="cannot connect"):
            client.request("GET", "/")
    with Peer([b"HTTP/1.1 204 OK\r\n\r\n"], address[1]):
        assert client.request("GET", "/").status == 204
    client.drop_idle()


class Peer:
    """Accepts connections and answers each request with the next of ``replies``
    (None: closes without one); ends a connection when it has none left."""

    def __init__(self, replies: list[bytes | None], port: int = 0) -> None:
        self._listener = listen("127.0.0.1", port)
        self.address = self._listener.getsockname()
        self.requests = 0
        self.ended = concurrency.Event()  # a connection has ended
        self.replies = replies
        self._task = concurrency.spawn(self._serve)

    def _serve(self) -> None:
        listener = concurrency.green(self._listener)
        while True:
            sock, _ = listener.accept()
            concurrency.spawn(self._answer, sock)

    def _answer(self, sock: socket.socket) -> None:
        while self.replies and sock.recv(65536):
            self.requests += 1
            reply = self.replies.pop(0)
            if reply is None:
                break
            sock.sendall(reply)
        sock.close()
        self.ended.set()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        concurrency.kill_task(self._task)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_connections_that_the_peer_has_closed_are_replaced():
    with Peer([OK]) as peer, calling(peer.address) as client:
        assert client.request("GET", "/").read() == b"ok"
        assert peer.ended.wait(PATIENCE_SECONDS)
        peer.replies.append(OK)
        assert client.open("PUT", "/", length=0).finish().read() == b"ok"


def test_idle_connections_expire():
    settings = ClientSettings(idle_timeout=0.1)
    with Peer([OK, OK]) as peer, calling(peer.address, settings) as client:
        assert client.request("GET", "/").read() == b"ok"
        assert peer.ended.wait(PATIENCE_SECONDS)
        assert peer.requests == 1


def test_a_kept_connection_that_breaks_is_tried_once_more():
    with Peer([OK, None, OK]) as peer, calling(peer.address) as client:
        assert client.request("GET", "/").read() == b"ok"
        assert client.request("GET", "/").read() == b"ok"
        assert peer.requests == 3


def test_but_not_when_it_must_not_be_repeated():
    with Peer([OK, None, OK]) as peer, calling(peer.address) as client:
        assert client.request("GET", "/").read() == b"ok"
        with pytest.raises(Unavailable):
            client.request("POST", "/", repeatable=False)


def test_nor_on_a_fresh_connection():
    with Peer([None, OK]) as peer, calling(peer.address) as client:
        with pytest.raises(Unavailable):
            client.request("GET", "/")
        assert peer.requests == 1


def test_nor_when_a_reply_had_begun():
    with Peer([OK, b"HTTP/1.1 200", OK]) as peer, calling(peer.address) as client:
        assert client.request("GET", "/").read() == b"ok"
        peer.replies[1:] = []
        with pytest.raises(Unavailable):
            client.request("GET", "/")


BAD_REPLIES = {
    "nonsense": b"hello\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
    "endless head": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000,
    "interim answers without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000 + OK,
    "half a head": b"HTTP/1.1 200 OK\r\nA: b",
    "cut body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n",
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_bad_replies_are_unavailable(name):
    with Peer([BAD_REPLIES[name]]) as peer, calling(peer.address) as client:
        before = open_descriptors()
        with pytest.raises(Unavailable), client.request("GET", "/") as response:
            response.read()
        assert open_descriptors() <= before + 1


def test_a_peer_that_does_not_answer():
    with Peer([b"", b""]) as peer, calling(peer.address) as client:
        assert issubclass(DeadlineExceeded, Unavailable)
        with pytest.raises(DeadlineExceeded):
            client.request("GET", "/")


def test_a_peer_that_stalls_in_its_body():
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    with Peer([reply, b""]) as peer, calling(peer.address) as client:
        response = client.request("GET", "/")
        with pytest.raises(DeadlineExceeded):
            response.read()


def test_interim_replies_are_skipped():
    reply = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
    with Peer([reply + OK]) as peer, calling(peer.address) as client:
        assert client.request("GET", "/").read() == b"ok"


def test_hints_are_no_answer_to_whoever_asks_to_go_ahead():
    hints = b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"
    asking = [(b"Expect", b"100-continue")]
    reply = hints + b"HTTP/1.1 100 Continue\r\n\r\n" + OK
    with Peer([reply]) as peer, calling(peer.address) as client:
        call = client.open("PUT", "/", asking, length=0)
        assert call.go_ahead() is None
        assert call.finish().read() == b"ok"


def test_a_body_that_ends_with_the_connection():
    reply = b"HTTP/1.1 200 OK\r\n\r\nall of it"
    with Peer([reply]) as peer, calling(peer.address) as client:
        response = client.request("GET", "/")
        assert response.length is None
        assert response.read() == b"all of it"
