"""Peers that know no channels, hang, take nothing, or talk nonsense."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.wire.channel import calling, outbox
from objectstore.wire.channel.calling import Channel
from objectstore.wire.channel.format import (
    PATH,
    PROTOCOL,
)
from objectstore.wire.serving import SECRET_HEADER
from test.contract.nodes.channels.house import SETTINGS, House, until
from test.contract.nodes.samples import kept
from test.fakes.servers import SECRET, client_of, serve


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
