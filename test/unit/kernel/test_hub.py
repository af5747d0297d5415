"""Our hub: who waits is told, whatever becomes of the others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import greenlet
import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency.hub import Hub, eventlet


def test_it_is_the_one_in_use() -> None:
    assert isinstance(eventlet.hubs.get_hub(), Hub)


def test_the_environment_may_name_another() -> None:
    asked = (
        "import objectstore.kernel.concurrency, eventlet.hubs;"
        "print(type(eventlet.hubs.get_hub()).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {"EVENTLET_HUB": "poll"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "eventlet.hubs.poll"


def test_one_wakes_several_in_one_turn() -> None:
    pairs = [socket.socketpair() for _ in range(3)]
    heard: list[int] = []

    def hear(number: int) -> None:
        concurrency.wait_readable(pairs[number][0].fileno(), 5)
        heard.append(number)

    tasks = [concurrency.spawn(hear, number) for number in range(3)]
    concurrency.sleep(0)
    for _, far in pairs:
        far.send(b"x")
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(heard) == [0, 1, 2]
    for pair in pairs:
        for end in pair:
            end.close()


@pytest.mark.parametrize("wait", ["wait_readable", "wait_writable"])
def test_a_peer_that_has_gone_ends_the_wait(wait: str) -> None:
    near, far = socket.socketpair()
    far.close()
    getattr(concurrency, wait)(near.fileno(), 5)
    near.close()


def test_one_that_fails_takes_nobody_along(capfd: pytest.CaptureFixture[str]) -> None:
    bad, good = socket.socketpair(), socket.socketpair()

    def fail() -> None:
        raise ValueError("what it heard")

    concurrency.call_when_readable(bad[0].fileno(), fail)
    task = concurrency.spawn(concurrency.wait_readable, good[0].fileno(), 5)
    concurrency.sleep(0)
    bad[1].send(b"x")
    good[1].send(b"x")
    concurrency.wait_task(task)
    assert "what it heard" in capfd.readouterr().err
    for end in (*bad, *good):
        end.close()


def test_a_greenlet_of_another_parent_ends_in_the_hub() -> None:
    told: list[str] = []

    def sleep_then_tell() -> None:
        concurrency.sleep(0)
        told.append("child")

    child = greenlet.greenlet(sleep_then_tell)  # this one is its parent
    concurrency.call_later(0, child.switch)
    while not child.dead:
        concurrency.sleep(0)
    assert told == ["child"]
    # Were it this one still, the child's end would have cut a sleep here short.
    assert child.parent is eventlet.hubs.get_hub().greenlet
