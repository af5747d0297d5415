"""Many calls on one connection: in any order, of any length, each on its own."""

from __future__ import annotations

import itertools
import logging
import socket
import time
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.edge import CLIENT_FAULTS
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.transaction import (
    TRANSACTION_CHARACTERS_MAX,
    current_transaction,
)
from objectstore.wire.channel import outbox, serving
from objectstore.wire.channel.calling import Asked
from objectstore.wire.channel.format import (
    PIECE_BYTES_MAX,
    UNFINISHED_BYTES_MAX,
    Assembler,
)
from objectstore.wire.frames import MESSAGE_BYTES_MAX
from test.contract.nodes.channels.house import SOON, House
from test.contract.nodes.samples import kept


class Noting(logging.Handler):
    """Notes under which transaction each line is logged."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(current_transaction())


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


def test_calls_that_fail_are_few_lines(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "objectstore.wire")
    for promise in [house.ask("away") for _ in range(300)]:
        with pytest.raises(Unavailable):
            kept(promise)
    house.server.leave()
    assert caplog.messages == [
        "Unavailable: the device is away",
        "299 more calls failed within 60 s, the last: Unavailable: the device is away",
    ]
