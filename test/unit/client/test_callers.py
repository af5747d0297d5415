"""The same calls in this process and over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.client.over_http import HttpCaller
from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientPool
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, Request, StartResponse
from objectstore.kernel.wsgi import Server, listen


def _echo(environ: Environ, start_response: StartResponse) -> Any:
    """Answers with what it was asked."""
    request = Request(environ)
    body = bytearray()
    while piece := request.body.read(7):
        body += piece
    said = f"{request.method} {request.path} {environ['QUERY_STRING']} "
    said += request.header("X-Word")
    reply = Reply(201, [said.encode(), b"|", bytes(body)])
    reply.headers.append(("X-Word", "ü"))
    return reply(environ, start_response)


@pytest.fixture(params=["in process", "http"])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    if request.param == "in process":
        yield InProcessCaller(_echo)
        return
    listener = listen("127.0.0.1", 0)
    server, pool = Server(_echo, [listener]), ClientPool()
    port = listener.getsockname()[1]
    server.start()
    yield HttpCaller(f"http://127.0.0.1:{port}", pool)
    server.close()
    pool.close()


def test_a_whole_body(caller: Caller) -> None:
    with caller.request("PUT", "/a%20b?x=1", {"X-Word": "grün"}, b"0123456789") as got:
        assert got.status == 201
        assert got.headers["x-word"] == "ü"
        assert got.read() == "PUT /a b x=1 grün|0123456789".encode()


def test_a_body_in_pieces(caller: Caller) -> None:
    pieces = (bytes([65 + number]) * 5 for number in range(4))
    got = caller.request("POST", "/", {}, pieces)
    assert got.read() == b"POST /  |AAAAABBBBBCCCCCDDDDD"


def test_a_slow_sender_is_not_a_slow_service(caller: Caller) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"slow"
        concurrency.sleep(0.2)
        yield b"ly"

    got = caller.request("POST", "/", {}, pieces(), timeout=0.1)
    assert got.read() == b"POST /  |slowly"


def test_no_body(caller: Caller) -> None:
    assert caller.request("GET", "/x").read() == b"GET /x  |"


def test_an_answer_is_bounded(caller: Caller) -> None:
    with pytest.raises(Unavailable):
        caller.request("GET", "/x").read(limit=3)


def test_an_answer_that_is_not_json(caller: Caller) -> None:
    with pytest.raises(Unavailable):
        caller.request("GET", "/x").json()


def test_nobody_there() -> None:
    with pytest.raises(Unavailable):
        HttpCaller("http://127.0.0.1:1", ClientPool()).request("GET", "/")


def test_a_url_that_is_none() -> None:
    with pytest.raises(ValueError, match="ftp"):
        HttpCaller("ftp://x", ClientPool())
