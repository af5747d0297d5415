"""How a channel's connections end, and what becomes of the calls on them."""

from __future__ import annotations

import gc
import socket

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.young_objects import REQUESTS_PER_COLLECTION
from objectstore.wire.channel import calling, outbox, serving
from objectstore.wire.channel.format import (
    PATH,
    PROTOCOL,
    call_head,
    piece_head,
)
from objectstore.wire.serving import SECRET_HEADER
from test.contract.nodes.channels.house import House, until
from test.contract.nodes.samples import kept
from test.fakes.servers import SECRET

# More than the system holds between two that do not read.
ANSWER_BYTES = 8 * 1024 * 1024


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


def test_a_caller_that_does_not_hear_it_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped, say: the server's own must end all the same."""
    monkeypatch.setattr(serving, "LEAVE_SECONDS", 0.1)
    deaf = a_caller(house)
    until(lambda: house.server._lines)
    house.server.leave()
    until(lambda: not house.server._lines)
    deaf.close()


def test_one_that_takes_nothing_of_its_answer_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LEAVE_SECONDS", 0.1)
    monkeypatch.setattr(outbox, "STUCK_SECONDS", 0.1)
    deaf = a_caller(house)
    deaf.sendall(a_call_for(ANSWER_BYTES))
    until(lambda: house.echo.calls)
    house.server.leave()
    until(lambda: not house.server._lines)
    deaf.close()


def test_one_that_is_slow_to_take_its_answer_gets_all_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LEAVE_SECONDS", 0.05)
    slow = a_caller(house)
    slow.sendall(a_call_for(ANSWER_BYTES))
    until(lambda: house.echo.calls)
    house.server.leave()
    taken = 0
    while taken < ANSWER_BYTES:
        data = slow.recv(64 * 1024)
        assert data, f"ended after {taken} bytes"
        taken += len(data)
        concurrency.sleep(0.005)
    slow.close()


def a_caller(house: House) -> concurrency.GreenSocket:
    """A connection that has asked to be a channel, and reads nothing by itself."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    made.connect(house.address)
    found = concurrency.green(made)
    found.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        f"Upgrade: {PROTOCOL}\r\n{SECRET_HEADER}: {SECRET}\r\n\r\n".encode()
    )
    return found


def a_call_for(size: int) -> bytes:
    """One that is answered with so many bytes."""
    message = call_head("POST", "/v1/echo/large", "tx") + b"%d" % size
    return piece_head(1, len(message)) + message


def test_one_that_still_waits_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LEAVE_SECONDS", 0.1)
    held = house.ask("hold")
    until(lambda: house.echo.held)
    house.server.leave()
    concurrency.sleep(0.3)
    house.echo.release()
    assert kept(held) == b"released"
    until(lambda: not house.server._lines)
