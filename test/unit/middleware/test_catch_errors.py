"""catch_errors: ids on every reply, a reply for every error, honest lengths."""

from __future__ import annotations

import logging
import re

import pytest

from objectstore.kernel.errors import (
    Corrupt,
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.catch_errors import CatchErrors, CatchErrorsSettings
from test.fakes.swift_app import Answer, Client, SteppedClock, SwiftApp


def client_of(server: object, suffix: str = "") -> Client:
    settings = CatchErrorsSettings(trans_id_suffix=suffix)
    return Client(CatchErrors(server, settings, SteppedClock()))


def test_every_reply_has_the_transaction_id() -> None:
    server = SwiftApp()
    got = client_of(server, "-one")("GET", "/v1/a")
    assert re.fullmatch(r"tx[0-9a-f]{21}-006553f100-one", got.headers["X-Trans-Id"])
    assert got.headers["X-Openstack-Request-Id"] == got.headers["X-Trans-Id"]
    assert server.last.context.transaction_id == got.headers["X-Trans-Id"]


def test_the_edges_id_is_taken_over() -> None:
    context = Context("tx1")
    environ = {CONTEXT_KEY: context}
    headers = {"X-Trans-Id-Extra": "mine"}
    got = client_of(SwiftApp(), "-one")("GET", "/v1/a", headers, **environ)
    assert got.headers["X-Trans-Id"] == context.transaction_id == "tx1-one-mine"


def test_a_clients_extra_is_bounded_and_quoted() -> None:
    extra = "a b" + "x" * 100
    got = client_of(SwiftApp())("GET", "/", {"X-Trans-Id-Extra": extra})
    assert got.headers["X-Trans-Id"].endswith("-a%20b" + "x" * 29)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Rejected(412, "Bad name"), 412),
        (Unavailable("away"), 503),
        (DeadlineExceeded("slow"), 503),
        (InsufficientStorage("full"), 507),
        (Corrupt("bad bytes"), 500),
        (ZeroDivisionError("oh"), 500),
    ],
)
def test_errors_become_replies(error: Exception, status: int) -> None:
    server = SwiftApp()
    server.default = error
    got = client_of(server)("GET", "/v1/a")
    assert got.status == status
    assert got.headers["X-Trans-Id"].startswith("tx")
    assert int(got.headers["Content-Length"]) == len(got.body)


def test_the_traceback_is_in_the_log_only(caplog: pytest.LogCaptureFixture) -> None:
    server = SwiftApp()
    server.default = ZeroDivisionError("internal matters")
    with caplog.at_level(logging.INFO):
        got = client_of(server)("GET", "/v1/a")
    assert b"internal matters" not in got.body
    assert got.headers["X-Trans-Id"].encode() in got.body
    (record,) = caplog.records
    assert record.exc_info
    assert got.headers["X-Trans-Id"] in record.getMessage()


def test_a_rejections_headers_come_through() -> None:
    server = SwiftApp()
    server.default = Rejected(405, "no", (("Allow", "GET"),))
    assert client_of(server)("PUT", "/v1/a").headers["Allow"] == "GET"


def test_a_body_that_ends_early_breaks_the_connection() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("Content-Length", "10")], [b"12345"])
    with pytest.raises(Unavailable):
        client_of(server)("GET", "/v1/a/c/o")
    assert server.bodies[0].closed


def test_a_body_that_is_too_long_is_cut() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("Content-Length", "3")], [b"12", b"345", b"6"])
    assert client_of(server)("GET", "/v1/a/c/o").body == b"123"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_bodiless_replies_may_state_a_length(method: str, status: int) -> None:
    server = SwiftApp()
    server.default = Answer(status, [("Content-Length", "10")], [])
    assert client_of(server)(method, "/v1/a/c/o").body == b""


def test_an_error_inside_the_body_is_logged_with_the_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def server(environ: object, start_response: object) -> object:
        start_response("200 OK", [])  # type: ignore[operator]

        def pieces() -> object:
            yield b"x"
            raise ZeroDivisionError

        return pieces()

    with pytest.raises(ZeroDivisionError):
        client_of(server)("GET", "/v1/a/c/o")
    assert "tx" in caplog.records[0].getMessage()


def test_many_refusals_are_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    server = SwiftApp()
    server.default = Unavailable("too busy")
    filter_ = CatchErrors(server, CatchErrorsSettings(), SteppedClock())
    for _ in range(1000):
        assert Client(filter_)("GET", "/v1/a").status == 503
    assert len(caplog.messages) == 1
    filter_.finish()
    assert len(caplog.messages) == 2
    assert "999 more requests answered 503 or 507" in caplog.messages[1]
