"""Subrequests, and replies of applications of every kind."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.subrequest import (
    ask,
    discard,
    read_reply,
    sub_environ,
)
from test.fakes.swift_app import Answer, SwiftApp, make_environ


def test_bodies_and_conditions_stay_behind() -> None:
    sent = {"Range": "bytes=0-1", "If-Match": "x", "X-Auth-Token": "t"}
    environ = make_environ("PUT", "/v1/a/c/o?x=1", sent, b"body")
    made = sub_environ(environ, "GET", "/v1/a/é")
    assert "HTTP_RANGE" not in made
    assert "CONTENT_LENGTH" not in made
    assert made["HTTP_X_AUTH_TOKEN"] == "t"
    assert made["PATH_INFO"] == "/v1/a/\xc3\xa9"
    assert made["QUERY_STRING"] == ""
    kept = sub_environ(environ, "GET", "/", keep_conditions=True)
    assert kept["HTTP_RANGE"] == "bytes=0-1"


def test_contexts_are_copies() -> None:
    environ = make_environ("GET", "/")
    environ[CONTEXT_KEY] = Context(transaction_id="tx1", authorize=lambda a, b: None)
    mine = sub_environ(environ, "GET", "/")[CONTEXT_KEY]
    assert mine is not environ[CONTEXT_KEY]
    assert mine.authorize is not None
    inside = sub_environ(environ, "GET", "/", internal=True)[CONTEXT_KEY]
    assert (inside.is_internal, inside.authorize) == (True, None)
    assert inside.transaction_id == "tx1"


def test_ask_brings_text_headers_and_streams() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("X-A", "né"), ("Content-Length", "2")], [b"a", b"b"])
    reply = ask(server, make_environ("GET", "/"))
    assert (reply.status, reply.header("x-a")) == (200, "né")
    assert read_reply(reply, 1) == b"a"
    assert server.bodies[0].closed
    server.default = Rejected(404, "gone")
    assert ask(server, make_environ("GET", "/")).status == 404


def test_ask_takes_generators() -> None:
    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"x"
        yield b"y"

    assert list(ask(application, {}).body) == [b"x", b"y"]

    def empty(environ: Any, start_response: Any) -> Any:
        start_response("204 No Content", [])
        yield from ()

    assert list(ask(empty, {}).body) == []


def test_discard_closes() -> None:
    server = SwiftApp()
    server.default = Answer(404, [("Content-Length", "1")], [b"x"])
    discard(ask(server, make_environ("GET", "/")))
    server.default = Answer(200, [], [b"x"])
    discard(ask(server, make_environ("GET", "/")))
    assert all(body.closed for body in server.bodies)
