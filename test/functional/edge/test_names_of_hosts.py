"""Peers that are known by a name, and names that nobody resolves in time."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientPool, ClientSettings
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.http import resolver
from objectstore.kernel.http.reach import reach
from objectstore.kernel.wsgi import listen
from test.functional.edge.harness import PATIENCE_SECONDS

# More than any queue of a listener that asked for none.
QUEUED_MAX = 8


@pytest.fixture
def port() -> int:
    with listen("127.0.0.1", 0) as listener:
        yield listener.getsockname()[1]


def test_a_name_is_looked_up_and_connected_to(port):
    reach(("localhost", port), PATIENCE_SECONDS).close()


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(
    port, monkeypatch
):
    there = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
    nobody = socket.getaddrinfo("127.0.0.1", 1, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: nobody + there)
    reach(("both.test", port), PATIENCE_SECONDS).close()


@pytest.fixture
def silent_address() -> Iterator[tuple]:
    """One whose host swallows what it is sent: its queue is full, nobody accepts."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        where = listener.getsockname()
        for _ in range(QUEUED_MAX):
            sock = stack.enter_context(socket.socket())
            sock.settimeout(0.1)
            try:
                sock.connect(where)
            except TimeoutError:
                break
        yield (socket.AF_INET, socket.SOCK_STREAM, 0, "", where)


@pytest.mark.parametrize("seconds", [0.4, PATIENCE_SECONDS])
def test_an_address_that_swallows_packets_does_not_use_up_the_time(
    port, silent_address, monkeypatch, seconds
):
    there = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
    found = [silent_address, silent_address, *there]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    began = time.monotonic()
    with reach(("three.test", port), seconds) as sock:
        assert sock.getpeername() == ("127.0.0.1", port)
    assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_the_first_address_is_taken_when_it_answers(port, monkeypatch):
    there = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
    with listen("127.0.0.1", 0) as other:
        second = socket.getaddrinfo(*other.getsockname(), type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there + second)
        with reach(("both.test", port), PATIENCE_SECONDS) as sock:
            assert sock.getpeername()[1] == port
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()


def test_when_no_address_answers_no_socket_stays_open(silent_address, monkeypatch):
    nobody = socket.getaddrinfo("127.0.0.1", 1, type=socket.SOCK_STREAM)
    found = [silent_address, *nobody]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(DeadlineExceeded):
        reach(("both.test", 1), 0.3)
    concurrency.sleep(0)
    assert len(set(os.listdir("/proc/self/fd"))) <= len(before)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: nobody * 3)
    with pytest.raises(ConnectionRefusedError):
        reach(("none.test", 1), PATIENCE_SECONDS)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70, ""])
def test_what_is_no_name_is_a_peer_that_cannot_be_reached(host, port):
    pool = ClientPool(ClientSettings())
    with pytest.raises(Unavailable, match="cannot connect"):
        pool.client((host, 9)).request("GET", "/")
    pool.close()


def test_a_silent_name_server_holds_up_nobody_else(port, monkeypatch):
    """Everybody else goes on, and only so many threads wait for it."""
    looking, answers = [], threading.Event()

    def silent(host, *_, **__):
        looking.append(host)
        answers.wait(PATIENCE_SECONDS)
        raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")

    monkeypatch.setattr(socket, "getaddrinfo", silent)

    def fail() -> None:
        with pytest.raises(DeadlineExceeded):
            reach(("slow.test", port), 0.2)

    tasks = [concurrency.spawn(fail) for _ in range(3 * resolver.LOOKUPS_MAX)]
    concurrency.sleep(0)
    reach(("127.0.0.1", port), PATIENCE_SECONDS).close()
    for task in tasks:
        concurrency.wait_task(task)
    assert len(looking) == resolver.LOOKUPS_MAX
    answers.set()  # the threads end, and others may look again
    with pytest.raises(OSError, match="nobody answers"):
        reach(("slow.test", port), PATIENCE_SECONDS)
