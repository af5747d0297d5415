"""The load generator that sends requests when they are due."""

from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from test.bench.driver import request
from test.bench.pacing import pace, reply_length

GOOD = b"HTTP/1.1 200 OK\r\nX-A: content-length: 7\r\nContent-Length: 5\r\n\r\nhello"
BAD = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize("reply", [GOOD, BAD, EMPTY])
def test_reply_length(reply: bytes) -> None:
    """Known from the head on, whatever comes behind."""
    stop = reply.index(b"\r\n\r\n") + 4
    for count in range(len(reply) + 1):
        expected = len(reply) if count >= stop else 0
        assert reply_length(bytearray(reply + b"HTTP"), count) == expected


@contextmanager
def _server(replies: list[list[bytes]]) -> Iterator[tuple[int, list[bytes]]]:
    """Answers each request on any of its connections with the next reply's parts."""
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                asked.append(data)
                for part in replies[(len(asked) - 1) % len(replies)]:
                    connection.sendall(part)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1], asked
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("connections", [1, 4])
def test_each_is_sent_once_and_counted(connections: int) -> None:
    """Also when there are fewer connections than are wanted at once."""
    wanted = [request("GET", f"/{number}", "token") for number in range(60)]
    pieces = [[GOOD], [GOOD[:3], GOOD[3:-2], GOOD[-2:]], [EMPTY]]
    with _server(pieces) as (port, asked):
        outcome = pace(port, iter([*wanted, b"never"]), connections, 3000.0, 60)
    assert sorted(asked) == sorted(wanted)
    assert len(outcome.seconds) == len(outcome.late) == 60
    assert outcome.errors == 0
    assert min(outcome.seconds) > 0
    assert min(outcome.late) >= 0


def test_failures_are_counted_and_all_is_as_before() -> None:
    """The process collects again and has its own place among the others."""
    scheduler = os.sched_getscheduler(0)
    with _server([[GOOD], [BAD]]) as (port, _):
        outcome = pace(port, [request("GET", "/", "token")] * 10, 1, 1000.0, 10)
    assert outcome.errors == 5
    assert gc.isenabled()
    assert os.sched_getscheduler(0) == scheduler


def test_a_server_that_hangs_up_is_told() -> None:
    """It would else count as a load that was borne."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ConnectionError):
            pace(listening.getsockname()[1], [b"x"], 1, 100.0, 1)
        thread.join()
