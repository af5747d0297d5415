"""Channels between real sockets: one connection, many calls, and its bad days."""

from __future__ import annotations

import gc
import itertools
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientSettings
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.http.edge import CLIENT_FAULTS
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.transaction import (
    TRANSACTION_CHARACTERS_MAX,
    current_transaction,
)
from objectstore.kernel.young_objects import REQUESTS_PER_COLLECTION
from objectstore.wire.channel import calling, outbox, serving
from objectstore.wire.channel.calling import Asked, Channel
from objectstore.wire.channel.format import (
    PATH,
    PIECE_BYTES_MAX,
    PROTOCOL,
    UNFINISHED_BYTES_MAX,
    Assembler,
)
from objectstore.wire.channel.serving import ChannelServer
from objectstore.wire.frames import MESSAGE_BYTES_MAX
from objectstore.wire.serving import SECRET_HEADER
from test.contract.nodes.samples import kept
from test.fakes.servers import SECRET, client_of, serve

SECRET_FIELD = (SECRET_HEADER.encode(), SECRET.encode())
SETTINGS = ClientSettings(
    connect_timeout=0.5, response_timeout=0.5, stall_timeout=0.5, probe_seconds=0.1
)
SOON = 5.0


class Echo:
    """Answers a call with its body; ``hold`` keeps calls of a verb waiting."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.held: list[Promise[bytes]] = []

    def answer(self, method: str, parts: list[str], body: bytes) -> Promise[bytes]:
        verb = parts[-1]
        self.calls.append((method, verb))
        if verb == "hold":
            promise: Promise[bytes] = Promise()
            self.held.append(promise)
            return promise
        if verb == "large":
            return Promise.of(bytes(int(body)))
        if verb == "bug":
            return Promise.failed(ZeroDivisionError("a bug"))
        if verb == "transaction":
            return Promise.of(current_transaction().encode())
        return Promise.of(body)

    def release(self) -> None:
        held, self.held = self.held, []
        for promise in held:
            promise.resolve(b"released")


class Noting(logging.Handler):
    """Notes under which transaction each line is logged."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(current_transaction())


class House:
    """A server with channels, a channel to it, and how often it was connected."""

    def __init__(self, stack: ExitStack) -> None:
        self.echo = Echo()
        self.connections = 0
        self.by_request: list[Asked] = []
        self.stack = stack
        self.server = ChannelServer({"echo": self.echo}, SECRET, lambda: 0.0)
        self.address = serve(self, stack)
        self.client = client_of(self.address, stack, SETTINGS)
        self.channel = self.new_channel(self.client)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.connections += 1
        return self.server(environ, start_response)

    def new_channel(self, client: Client) -> Channel:
        return Channel(client, [SECRET_FIELD], self.by_request.append)

    def ask(
        self,
        verb: str = "echo",
        body: bytes = b"",
        seconds: float = SOON,
        transaction: str = "tx",
        decode: Any = bytes,
    ) -> Promise[Any]:
        asked = Asked("POST", f"/v1/echo/{verb}", transaction, body, decode, seconds)
        self.channel.ask(asked)
        return asked.promise


@pytest.fixture
def house() -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack)


def until(condition: Any) -> None:
    with concurrency.deadline(SOON):
        while not condition():
            concurrency.sleep(0.01)


def test_many_calls_on_one_connection(house: House) -> None:
    bodies = [b"%d" % number * number for number in range(300)]
    promises = [house.ask(body=body) for body in bodies]
    assert [kept(promise) for promise in promises] == bodies
    assert house.connections == 1


def test_answers_come_in_any_order(house: House) -> None:
    held = house.ask("hold")
    assert kept(house.ask(body=b"quick")) == b"quick"
    assert not held.done
    house.echo.release()
    assert kept(held) == b"released"


def test_long_answers_do_not_hold_up_short_ones(house: House) -> None:
    size = 24 * 1024 * 1024
    long = house.ask("large", b"%d" % size)
    short = house.ask(body=b"short")
    assert kept(short) == b"short"
    assert not long.done
    assert len(kept(long)) == size


def test_a_long_message_goes_on_while_short_ones_keep_coming() -> None:
    ours, theirs = socket.socketpair()
    sender = outbox.Outbox(Stream(ours, CLIENT_FAULTS, time.monotonic, SOON))
    reader, assembler = concurrency.green(theirs), Assembler()
    long, numbers, short = 0, itertools.count(1), bytes(PIECE_BYTES_MAX)
    sender.put(long, bytes(3 * PIECE_BYTES_MAX))
    for _ in range(8):
        sender.put(next(numbers), short)
    seen: list[int] = []
    while long not in seen and len(seen) < 60:
        for number, _ in assembler.feed(reader.recv(65536)):
            seen.append(number)
            sender.put(next(numbers), short)
    assert long in seen
    reader.close()
    sender.end()
    ours.close()


def test_more_long_answers_than_can_be_held_in_parts(house: House) -> None:
    size = 2 * 1024 * 1024
    count = UNFINISHED_BYTES_MAX // size + 8
    answers = [house.ask("large", b"%d" % size, 30.0) for _ in range(count)]
    for answer in answers:
        assert len(kept(answer)) == size
    assert house.connections == 1


def test_an_answer_that_is_too_long_is_one_call_s_trouble(house: House) -> None:
    held = house.ask("hold")
    with pytest.raises(Unavailable, match="longer than it may be"):
        kept(house.ask("large", b"%d" % (MESSAGE_BYTES_MAX + 1)))
    house.echo.release()
    assert kept(held) == b"released"
    assert house.connections == 1


def test_the_end_of_a_connection_repeats_what_was_not_answered(house: House) -> None:
    first, second = house.ask("hold"), house.ask("hold")
    until(lambda: len(house.echo.held) == 2)
    stale, house.echo.held = house.echo.held, []
    assert house.channel._line is not None
    house.channel._line.hang_up()
    until(lambda: len(house.echo.held) == 2)
    house.echo.release()
    assert [kept(first), kept(second)] == [b"released"] * 2
    for promise in stale:
        promise.resolve(b"too late for the first connection")
    assert kept(house.ask(body=b"after")) == b"after"
    assert house.connections == 2


def test_who_closes_the_client_repeats_nothing(house: House) -> None:
    held = house.ask("hold")
    until(lambda: house.echo.held)
    house.client.close()
    with pytest.raises(Unavailable):
        kept(held)
    assert house.connections == 1


def test_what_ends_two_connections_is_unavailable(house: House) -> None:
    promise = house.ask("hold")
    for _ in range(2):
        until(lambda: len(house.echo.held) == 1)
        house.echo.held.clear()
        assert house.channel._line is not None
        house.channel._line.hang_up()
    with pytest.raises(Unavailable):
        kept(promise)


def test_a_call_s_time_is_its_own(house: House) -> None:
    slow = house.ask("hold", seconds=0.2)
    others = [house.ask(body=b"x") for _ in range(10)]
    assert [kept(each) for each in others] == [b"x"] * 10
    with pytest.raises(DeadlineExceeded):
        kept(slow)
    house.echo.release()  # nobody waits for it any more
    assert kept(house.ask(body=b"after")) == b"after"
    assert house.connections == 1


def test_a_silent_peer_is_left(house: House) -> None:
    kept(house.ask())
    with pytest.raises(DeadlineExceeded):
        kept(house.ask("hold", seconds=0.2))
    assert kept(house.ask(body=b"on a new one")) == b"on a new one"
    assert house.connections == 2


def test_a_connection_without_calls_is_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "IDLE_SECONDS", 0.1)
    kept(house.ask())
    until(lambda: house.channel._line is None)
    until(lambda: not house.server._lines)
    assert kept(house.ask(body=b"again")) == b"again"


def test_a_connection_with_calls_now_and_then_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "IDLE_SECONDS", 0.3)
    for _ in range(20):
        kept(house.ask())
        concurrency.sleep(0.05)
    assert house.connections == 1


def test_who_comes_to_a_server_that_leaves_is_answered_and_sent_on(
    house: House,
) -> None:
    house.server.leave()
    held = house.ask("hold")
    until(lambda: house.channel._line and not house.channel._line.takes_calls)
    house.echo.release()
    assert kept(held) == b"released"
    until(lambda: house.channel._line is None)


def test_young_objects_are_looked_through_after_so_many_calls(house: House) -> None:
    collections: list[None] = []

    def note(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            collections.append(None)

    kept(house.ask())
    before = gc.get_threshold()
    gc.set_threshold(1_000_000)  # by the balance of births and deaths alone: never
    gc.callbacks.append(note)
    try:
        for _ in range(10 * REQUESTS_PER_COLLECTION):
            kept(house.ask())
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*before)
    assert len(collections) == 10


def test_a_server_that_leaves_ends_after_its_answers(house: House) -> None:
    held = house.ask("hold")
    until(lambda: house.echo.held)
    house.server.leave()
    until(lambda: house.channel._line is None or not house.channel._line.takes_calls)
    assert kept(house.ask(body=b"elsewhere")) == b"elsewhere"
    assert house.connections == 2
    house.echo.release()
    assert kept(held) == b"released"
    until(lambda: len(house.server._lines) == 1)


def test_too_many_calls_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "CALLS_MAX", 3)
    held = [house.ask("hold") for _ in range(3)]
    with pytest.raises(Unavailable, match="too many calls"):
        kept(house.ask())
    house.echo.release()
    for promise in held:
        kept(promise)
    assert kept(house.ask(body=b"room")) == b"room"


def test_a_bug_is_one_call_s_trouble(house: House) -> None:
    with pytest.raises(Unavailable):
        kept(house.ask("bug"))
    assert kept(house.ask(body=b"fine")) == b"fine"
    assert house.connections == 1


def test_an_answer_that_breaks_its_reader_is_one_call_s_trouble(house: House) -> None:
    def broken(body: bytes) -> Any:
        raise ZeroDivisionError(body)

    held = house.ask("hold")
    with pytest.raises(ZeroDivisionError):
        kept(house.ask(decode=broken))
    house.echo.release()
    assert kept(held) == b"released"
    assert house.connections == 1


def test_calls_are_logged_each_under_its_own_transaction(house: House) -> None:
    assert kept(house.ask("transaction", transaction="tx1")) == b"tx1"
    too_long = "x" * (TRANSACTION_CHARACTERS_MAX + 1)
    assert kept(house.ask("transaction", transaction=too_long)) == b"-"


def test_failures_are_logged_under_their_transaction(
    house: House,
) -> None:
    held = house.ask("hold", transaction="tx1")
    kept(house.ask(transaction="tx2"))
    (promise,) = house.echo.held
    found: list[str] = []
    noted = Noting(found)
    serving._log.addHandler(noted)
    try:
        promise.fail(Unavailable("away"))
    finally:
        serving._log.removeHandler(noted)
    with pytest.raises(Unavailable):
        kept(held)
    assert found == ["tx1"]


def test_an_unknown_kind_of_node(house: House) -> None:
    asked = Asked("GET", "/v1/strange/x", "-", b"", bytes, SOON)
    house.channel.ask(asked)
    with pytest.raises(Unavailable):
        kept(asked.promise)


def test_a_peer_that_knows_no_channels_gets_requests() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []

    with ExitStack() as stack:
        house = House(stack)
        old = client_of(serve(application, stack), stack, SETTINGS)
        house.channel = house.new_channel(old)
        for _ in range(3):
            house.ask()
        until(lambda: len(house.by_request) == 3)
        house.ask()
        assert len(house.by_request) == 4  # without being asked again


def test_while_a_peer_is_tried_again_other_calls_fail_at_once() -> None:
    with ExitStack() as stack:
        house = House(stack)
        silent = socket.create_server(("127.0.0.1", 0), backlog=0)
        stack.callback(silent.close)
        for _ in range(2):  # its queue is full: who connects hears nothing
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(silent.getsockname())
            stack.callback(sock.close)
        settings = replace(SETTINGS, probe_seconds=0.2)
        house.channel = house.new_channel(
            client_of(silent.getsockname(), stack, settings)
        )
        with pytest.raises(Unavailable):
            kept(house.ask())
        concurrency.sleep(0.25)
        probe = house.ask()
        concurrency.sleep(0)
        others = [house.ask() for _ in range(5)]
        assert all(each.done for each in others)
        assert not probe.done
        with pytest.raises(Unavailable):
            kept(probe)


class Hanging:
    """A listener whose process takes connections and does nothing more."""

    def __init__(self, stack: ExitStack) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()[:2]
        stack.callback(self.listener.close)


def test_a_peer_that_hangs_is_asked_by_one_call_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calling, "SWITCH_SECONDS", 0.3)
    with ExitStack() as stack:
        house = House(stack)
        hanging = Hanging(stack)
        house.channel = house.new_channel(client_of(hanging.address, stack, SETTINGS))
        together = [house.ask() for _ in range(3)]
        for promise in together:
            with pytest.raises(DeadlineExceeded):
                kept(promise)
        probe = house.ask()
        others = [house.ask() for _ in range(3)]
        assert all(each.done for each in others)
        assert not probe.done


def test_a_peer_that_takes_nothing_gets_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "STUCK_SECONDS", 0.1)
    kept(house.ask())
    (line,) = house.server._lines
    monkeypatch.setattr(type(line), "_take", lambda *_: concurrency.sleep(0.5))
    calls = [house.ask(body=bytes(250_000)) for _ in range(160)]
    client_line = house.channel._line
    assert client_line is not None
    until(lambda: client_line.is_stuck)
    refused = house.ask()
    assert refused.done
    with pytest.raises(Unavailable):
        kept(refused)
    monkeypatch.undo()
    until(lambda: not client_line.is_stuck)
    kept(house.ask())
    assert house.connections == 1
    assert calls


def test_without_the_secret_there_is_no_channel(house: House) -> None:
    house.channel = Channel(
        client_of(house.address, house.stack, SETTINGS),
        [(SECRET_HEADER.encode(), b"another secret")],
        house.by_request.append,
    )
    house.ask()
    until(lambda: len(house.by_request) == 1)
    assert not house.server._lines


def test_garbage_ends_the_connection_and_no_other(house: House) -> None:
    assert kept(house.ask(body=b"before")) == b"before"
    sock = concurrency.green(socket.create_connection(house.address))
    sock.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        f"Upgrade: {PROTOCOL}\r\n{SECRET_HEADER}: {SECRET}\r\n\r\n".encode()
    )
    assert b"101 Switching Protocols" in sock.recv(65536)
    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert sock.recv(65536) == b""
    sock.close()
    assert kept(house.ask(body=b"after")) == b"after"
    assert house.connections == 2


def test_a_caller_that_reads_nothing_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sock = concurrency.green(socket.create_connection(house.address))
    sock.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        f"Upgrade: {PROTOCOL}\r\n{SECRET_HEADER}: {SECRET}\r\n\r\n".encode()
    )
    sock.recv(65536)
    (line,) = house.server._lines
    line._outbox._stall_seconds = 0.2
    head = b"POST /v1/echo/large -"
    call = len(head).to_bytes(2, "big") + head + b"33000000"
    piece = b"\x00" + (1).to_bytes(4, "big") + len(call).to_bytes(4, "big") + call
    sock.sendall(piece)
    until(lambda: not house.server._lines)
    sock.close()
