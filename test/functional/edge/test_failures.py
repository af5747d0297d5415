"""Applications that fail and clients that leave."""

from __future__ import annotations

import os
import sys

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from test.functional.edge.applications import GET, body_of, echo, fixed, put
from test.functional.edge.harness import (
    IMPATIENT,
    running,
    statuses,
)


class Closing:
    """An iterable that counts how often it was closed."""

    def __init__(self, pieces, fails=False):
        self.pieces, self.fails, self.closed = pieces, fails, 0

    def __iter__(self):
        yield from self.pieces
        if self.fails:
            raise RuntimeError("the body broke")

    def close(self):
        self.closed += 1


def test_a_failing_application_gives_500_and_the_connection_goes_on(caplog):
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/boom":
            raise ValueError("secret detail")
        start_response("200 OK", [])
        return [b"ok"]

    with running(application) as edge:
        reply = edge.talk(b"GET /boom HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        assert statuses(reply) == [500, 200]
        assert b"X-Trans-Id: tx" in reply
        assert b"secret detail" not in reply
    assert "secret detail" in caplog.text


def test_a_refusal_let_through_is_answered():
    def application(environ, start_response):
        raise Rejected(418, "I am a teapot", (("X-Pot", "tea"),))

    with running(application) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [418, 418]
        assert b"X-Pot: tea" in reply
        assert reply.endswith(b"I am a teapot")


BAD_REPLIES = {
    "no start_response": lambda start: [b"x"],
    "line end in value": lambda start: start("200 OK", [("A", "b\r\nC: d")]) and [],
    "line feed in value": lambda start: start("200 OK", [("A", "b\nC: d")]) and [],
    "line end in name": lambda start: start("200 OK", [("A\r\nB", "c")]) and [],
    "line end in status": lambda start: start("200 OK\r\nA: b", []) and [],
    "NUL in value": lambda start: start("200 OK", [("A", "b\0")]) and [],
    "space in name": lambda start: start("200 OK", [("A B", "c")]) and [],
    "not latin-1": lambda start: start("200 OK", [("A", "\u20ac")]) and [],
    "bad length": lambda start: start("200 OK", [("Content-Length", "-1")]) and [],
    "two lengths": lambda start: (
        start("200 OK", [("Content-Length", "1"), ("Content-Length", "1")]) and []
    ),
    "twice": lambda start: start("200 OK", []) and start("200 OK", []) and [],
    "status no number": lambda start: start("fine", []) and [],
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_a_bad_reply_becomes_500(name, caplog):
    def application(environ, start_response):
        BAD_REPLIES[name](start_response)
        return [b"x"]

    with running(application) as edge:
        assert statuses(edge.talk(GET + GET)) == [500, 500]


def test_exc_info_replaces_a_reply_not_sent_yet():
    def application(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("503 Away", [], sys.exc_info())
        return [b"sorry"]

    with running(application) as edge:
        assert statuses(edge.talk(GET)) == [503]


@pytest.mark.parametrize("length", [[], [("Content-Length", "6")]])
def test_a_body_that_breaks_ends_the_connection(length, caplog):
    bodies = []

    def application(environ, start_response):
        bodies.append(Closing([b"abc"], fails=True))
        start_response("200 OK", length)
        return bodies[-1]

    with running(application) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [200]
        assert not reply.endswith(b"0\r\n\r\n")
    assert [body.closed for body in bodies] == [1]
    assert "the body broke" in caplog.text


def test_a_client_that_leaves_while_it_is_sent_to(caplog):
    bodies = []

    def application(environ, start_response):
        bodies.append(Closing([bytes(1_000_000)] * 100))
        start_response("200 OK", [("Content-Length", "100000000")])
        return bodies[-1]

    with running(application) as edge:
        client = edge.connect()
        client.send(GET)
        client.read_until(b"\r\n\r\n")
        client.close()
        assert edge.access.wait_for(1)[0][2] == 499
    assert [body.closed for body in bodies] == [1]
    assert not caplog.records


def test_a_client_that_takes_nothing_is_let_go():
    with running(fixed(pieces=[bytes(50_000_000)]), IMPATIENT) as edge:
        client = edge.connect()
        client.send(GET)
        assert edge.access.wait_for(1)[0][2] == 408
        assert len(client.read_all()) < 50_000_000


def test_large_bodies_both_ways():
    body = os.urandom(4_000_000)
    with running(echo) as edge:
        client = edge.connect()
        sender = concurrency.spawn(client.send, put(body))
        reply = client.read_until(body[-100:])
        concurrency.wait_task(sender)
        assert body_of(reply) == body
