"""The client of a Swift account, against the real proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.client.over_http import HttpCaller
from objectstore.client.swift import Listed, NotFound, SwiftAccount
from objectstore.kernel.client import ClientPool
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.request import CONTEXT_KEY, Context
from test.fakes.servers import serve
from test.fakes.swift_store import SwiftStore


class OneToken:
    def token(self) -> str:
        return "ours"


@pytest.fixture(params=["in process", "over http"])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    store = SwiftStore()

    def application(environ: dict[str, object], start_response: object) -> object:
        environ[CONTEXT_KEY] = Context(facts=store.cluster.app.facts)
        return store.app(environ, start_response)

    with ExitStack() as stack:
        if request.param == "in process":
            yield InProcessCaller(application)
            return
        host, port = serve(application, stack)
        pool = ClientPool()
        stack.callback(pool.close)
        yield HttpCaller(f"http://{host}:{port}", pool)


@pytest.fixture
def account(caller: Caller) -> SwiftAccount:
    return SwiftAccount(caller, OneToken(), "/v1/AUTH_house/")


def test_objects_in_and_out(account: SwiftAccount) -> None:
    account.put_container("a b")
    account.put_container("a b")
    etag = account.put("a b", "ä/1", iter([b"one ", b"two"]), {"X-Object-Meta-K": "v"})
    facts = account.head("a b", "ä/1")
    assert facts.size_bytes == 7 and facts.etag == etag and facts.metadata == {"k": "v"}
    with account.get("a b", "ä/1") as answer:
        assert answer.read() == b"one two"
    with account.get("a b", "ä/1", 4) as answer:
        assert answer.read() == b"two"
    with account.get("a b", "ä/1", 1, 2) as answer:
        assert answer.status == 206 and answer.read() == b"ne"
    assert account.delete("a b", "ä/1")
    assert not account.delete("a b", "ä/1")


def test_listings(account: SwiftAccount) -> None:
    account.put_container("c")
    for name in ("a/1", "a/2", "b"):
        account.put("c", name, name.encode())
    assert [found.name for found in account.list_objects("c")] == ["a/1", "a/2", "b"]
    assert [f.size_bytes for f in account.list_objects("c", "a/")] == [3, 3]
    first = next(account.list_objects("c", delimiter="/"))
    assert first == Listed("a/", is_prefix=True)
    assert [f.name for f in account.list_objects("c", marker="a/2")] == ["b"]
    assert list(account.containers()) == ["c"]
    with pytest.raises(Rejected) as caught:
        account.delete_container("c")
    assert caught.value.status == 409


def test_what_is_not_there(account: SwiftAccount) -> None:
    with pytest.raises(NotFound):
        account.get("none", "x")
    with pytest.raises(NotFound):
        list(account.list_objects("none"))
    assert not account.delete_container("none")
    assert not account.delete("none", "x")


def test_a_body_that_fails_is_not_stored(account: SwiftAccount) -> None:
    account.put_container("c")

    def broken() -> Iterator[bytes]:
        yield b"x" * 1_000_000
        raise LookupError("the source is gone")

    with pytest.raises(LookupError):
        account.put("c", "broken", broken())
    assert list(account.list_objects("c")) == []
    account.put("c", "whole", b"x")  # the next call is not disturbed


@pytest.mark.parametrize("status", ["401 Unauthorized", "500 Oops", "507 Full"])
def test_faults_that_are_not_the_callers(status: str) -> None:
    def application(environ: object, start_response: object) -> list[bytes]:
        start_response(status, [("Content-Length", "0")])  # type: ignore[operator]
        return []

    account = SwiftAccount(InProcessCaller(application), OneToken(), "/v1/AUTH_x")
    with pytest.raises(Unavailable):
        account.head("c", "o")
