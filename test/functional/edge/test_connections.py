"""Keep-alive, pipelining, Expect, addresses, draining."""

from __future__ import annotations

import logging
import socket
import tempfile
from pathlib import Path

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.kernel.wsgi import EdgeSettings, Server, listen
from test.functional.edge.applications import GET, echo, fixed, put
from test.functional.edge.harness import (
    PATIENCE_SECONDS,
    RawClient,
    running,
    statuses,
)


def test_pipelined_requests_are_answered_in_order():
    def path(environ, start_response):
        start_response("200 OK", [])
        return [f"[{environ['PATH_INFO']}]".encode()]

    many = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(100))
    with running(path) as edge:
        reply = edge.talk(many)
        assert statuses(reply) == [200] * 100
        places = [reply.index(b"[/%d]" % n) for n in range(100)]
        assert places == sorted(places)


def test_pipelined_bodies_are_kept_apart():
    with running(echo) as edge:
        reply = edge.talk(put(b"first") + GET + put(b"x" * 100_000) + put(b"last"))
        assert statuses(reply) == [200] * 4
        assert reply.endswith(b"last")
        assert [line[3] for line in edge.access.lines] == [5, 0, 100_000, 4]


def test_unread_body_is_read_over():
    with running(fixed()) as edge:
        reply = edge.talk(put(b"x" * 5000) + GET)
        assert statuses(reply) == [200, 200]


def test_large_unread_body_ends_the_connection():
    settings = EdgeSettings(drain_bytes_max=1000)
    with running(fixed("413 Too Large"), settings) as edge:
        reply = edge.talk(put(b"x" * 5000) + GET)
        assert statuses(reply) == [413]
        assert b"Connection: close" in reply


@pytest.mark.parametrize(
    ("request_head", "kept"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_who_ends_the_connection(request_head, kept):
    with running(fixed()) as edge:
        assert len(statuses(edge.talk(request_head * 2))) == (2 if kept else 1)


def test_an_upgrade_is_declined():
    upgrade = (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    with running(fixed()) as edge:
        assert statuses(edge.talk(upgrade + GET)) == [200, 200]


def test_continue_is_said_when_the_body_is_asked_for():
    with running(echo) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"abc")
        assert client.read_until(b"abc").startswith(b"HTTP/1.1 200 OK")


def test_continue_is_said_before_the_reply_to_an_empty_body():
    expecting = put(b"", b"Expect: 100-continue\r\n")
    with running(echo) as edge:
        assert statuses(edge.talk(expecting * 2)) == [100, 200, 100, 200]


def test_no_continue_for_a_client_that_does_not_wait():
    with running(echo) as edge:
        reply = edge.talk(put(b"abc", b"Expect: 100-continue\r\n"))
        assert statuses(reply) == [200]


def test_no_continue_within_a_reply():
    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"begun "
        yield environ["wsgi.input"].read()

    with running(application) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        reply = client.read_until(b"begun")
        client.send(b"abc")
        reply += client.read_all()
        assert statuses(reply) == [200]
        assert b"3\r\nabc\r\n0\r\n" in reply


def test_a_refusal_without_reading_ends_the_connection():
    with running(fixed("401 Unauthorized")) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        reply = client.read_all()
        assert statuses(reply) == [401]
        assert b"Connection: close" in reply


def test_ipv6_and_unix_sockets():
    # Unix socket paths are short; pytest's directories are not.
    with tempfile.TemporaryDirectory(prefix="edge") as directory:
        path = Path(directory) / "s"
        listeners = [listen("::1"), listen(path)]
        six = listeners[0].getsockname()
        server = Server(fixed(), listeners)
        server.start()
        for address, family in ((six, socket.AF_INET6), (str(path), socket.AF_UNIX)):
            client = RawClient(address, family)
            client.send(GET)
            assert statuses(client.read_until(b"ok")) == [200]
            client.close()
        assert server.drain(PATIENCE_SECONDS)
        # A socket file left behind is taken over.
        listen(path).close()


def test_ports_can_be_shared():
    first = listen("127.0.0.1", reuse_port=True)
    second = listen("127.0.0.1", first.getsockname()[1], reuse_port=True)
    first.close()
    second.close()


def test_drain_lets_requests_finish_and_ends_idle_connections():
    entered, leave = concurrency.Event(), concurrency.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            entered.set()
            leave.wait(PATIENCE_SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    with running(application) as edge:
        idle = edge.connect()
        idle.send(GET)
        idle.read_until(b"done")
        busy = edge.connect()
        busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        entered.wait(PATIENCE_SECONDS)
        drained = concurrency.spawn(edge.server.drain, PATIENCE_SECONDS, 0.05)
        assert idle.read_all() == b""
        leave.set()
        reply = busy.read_all()
        assert reply.endswith(b"done")
        assert b"Connection: close" in reply
        assert concurrency.wait_task(drained) is True
        with pytest.raises(OSError):
            edge.connect()


def test_while_draining_the_next_request_is_the_last():
    with running(fixed()) as edge:
        client = edge.connect()
        client.send(GET)
        client.read_until(b"ok")
        drained = concurrency.spawn(edge.server.drain, PATIENCE_SECONDS)
        concurrency.sleep(0)
        client.send(GET)
        reply = client.read_all()
        assert statuses(reply) == [200]
        assert b"Connection: close" in reply
        assert concurrency.wait_task(drained) is True


def test_an_unknown_status_is_sent_all_the_same():
    def application(environ, start_response):
        raise Rejected(460, "odd")

    with running(application) as edge:
        assert statuses(edge.talk(GET)) == [460]


def test_drain_gives_up_in_the_end(caplog):
    entered, forever = concurrency.Event(), concurrency.Event()

    def application(environ, start_response):
        entered.set()
        forever.wait(PATIENCE_SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    with running(application) as edge, caplog.at_level(logging.WARNING):
        client = edge.connect()
        client.send(GET)
        assert entered.wait(PATIENCE_SECONDS)
        assert edge.server.drain(0.1) is False
        assert client.read_all() == b""
        forever.set()
        assert edge.access.wait_for(1)[0][2] == 499
