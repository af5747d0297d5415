"""Things taken in order on a native thread, and the hub told of each."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator

import pytest

from objectstore.kernel.concurrency import Event, NativeLine, offload, sleep

# Longer than a loaded machine keeps a thread from running.
PATIENCE_SECONDS = 20.0


class Taker:
    """Takes each thing when it is let, and notes who asked it."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.threads: set[int] = set()
        self.allowed = threading.Semaphore(0)
        self._is_taking = threading.Lock()

    def take(self, thing: int) -> None:
        assert self._is_taking.acquire(blocking=False), "two at once"
        self.threads.add(threading.get_ident())
        assert self.allowed.acquire(timeout=PATIENCE_SECONDS)
        self._is_taking.release()
        if thing < 0:
            raise ArithmeticError("less than nothing")
        self.taken.append(thing)


@pytest.fixture
def taker() -> Iterator[Taker]:
    taker = Taker()
    yield taker
    taker.allowed.release(100)


def wait(line: NativeLine[int], moved: Event, count: int) -> None:
    while line.done < count and line.error is None:
        moved.clear()
        assert moved.wait(PATIENCE_SECONDS)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_each_is_told_while_the_thread_goes_on(taker: Taker) -> None:
    moved = Event()
    line = NativeLine(taker.take, moved.set)
    for thing in range(4):
        line.add(thing)
    for thing in range(4):
        assert line.done == thing
        taker.allowed.release()
        wait(line, moved, thing + 1)
        assert taker.taken == list(range(thing + 1))
    assert len(taker.threads) == 1
    assert threading.get_ident() not in taker.threads
    line.close()


def test_what_comes_when_all_is_taken_is_taken_too(taker: Taker) -> None:
    moved = Event()
    line = NativeLine(taker.take, moved.set)
    taker.allowed.release(100)
    for thing in range(100):
        line.add(thing)
        wait(line, moved, thing + 1 if thing % 3 else 0)
    wait(line, moved, 100)
    assert taker.taken == list(range(100))
    line.close()


def test_nothing_follows_what_failed(taker: Taker) -> None:
    moved = Event()
    line = NativeLine(taker.take, moved.set)
    for thing in (1, -1, 2):
        line.add(thing)
    taker.allowed.release(3)
    wait(line, moved, 3)
    line.add(3)
    assert isinstance(line.error, ArithmeticError)
    assert (line.done, taker.taken) == (1, [1])
    line.close()


def test_closing_drops_what_waits_and_leaves_no_descriptor(taker: Taker) -> None:
    NativeLine(taker.take, Event().set).close()
    before, moved = descriptors(), Event()
    line = NativeLine(taker.take, moved.set)
    for thing in range(3):
        line.add(thing)
    assert descriptors() > before
    while not taker.threads:
        sleep(0.001)
    line.close()
    taker.allowed.release()
    wait(line, moved, 1)
    while descriptors() > before:
        sleep(0.001)
    assert taker.taken == [0]


def test_without_a_descriptor_all_is_taken_all_the_same(taker: Taker) -> None:
    offload(int)  # the threads themselves have some
    moved = Event()
    line = NativeLine(taker.take, moved.set)
    taker.allowed.release(10)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        for thing in range(10):
            line.add(thing)
        wait(line, moved, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert taker.taken == list(range(10))
    line.close()
