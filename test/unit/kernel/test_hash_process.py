"""Bodies hashed by a process of its own: right, whatever becomes of it."""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel import hash_process
from objectstore.kernel.concurrency import (
    kill_task,
    sleep,
    spawn,
    wait_task,
)
from objectstore.kernel.hash_process import (
    BUFFERS_MAX,
    BUSY_BUFFERS,
    HASHED_AT_ONCE_BYTES_MAX,
    PROGRAM,
    RESTART_SECONDS,
    SHARED_BYTES_MIN,
    WAITING_MAX,
    HashProcess,
)
from objectstore.kernel.hash_program import ANSWER_BYTES, QUESTION, answer

# Longer than a loaded machine takes to start an interpreter.
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.05
SIZE = 64 * 1024
# One that answers every question with the same.
SEVENS = """
import os
os.write(1, bytes(16))
while questions := os.read(0, 4096):
    os.write(1, bytes([7]) * (2 * len(questions)))
"""
ENDS_WHEN_ASKED = """
import os
os.write(1, bytes(16))
os.read(0, 4096)
"""


class Hashing:
    """A process to hash, with bodies in its memory."""

    def __init__(
        self, program: Path = PROGRAM, look_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """``look_seconds``: how long it may take to answer."""
        self.now = 100.0
        self.process = HashProcess(program, lambda: self.now, look_seconds)
        self.random = Random(5)

    def bodies(self, count: int) -> list[memoryview]:
        found = []
        for _ in range(count):
            body = self.process.memory(SIZE)
            assert body is not None and len(body) == SIZE
            body[:] = self.random.randbytes(SIZE)
            found.append(body)
        return found

    def start(self, count: int = BUSY_BUFFERS + 1) -> list[memoryview]:
        """Until it answers; the bodies that it was started for."""
        bodies = self.bodies(count)
        self.process.md5(bodies[-1])
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.running.is_ready:
            assert time.monotonic() < until, "it does not start"
            sleep(0.01)
        return bodies

    @property
    def running(self) -> hash_process._Running:
        assert self.process.running is not None
        return self.process.running

    def wait_for_its_end(self) -> None:
        running, until = self.running, time.monotonic() + PATIENCE_SECONDS
        while not running.has_ended:
            assert time.monotonic() < until, "it does not end"
            sleep(0.01)

    def check(self, bodies: list[memoryview]) -> None:
        tasks = [spawn(self.process.md5, body) for body in bodies]
        for body, task in zip(bodies, tasks, strict=True):
            assert wait_task(task) == hashlib.md5(body).digest()


@pytest.fixture
def hashing() -> Iterator[Hashing]:
    made = Hashing()
    yield made
    made.process.end()


@pytest.fixture
def watched() -> Iterator[Hashing]:
    """One that soon counts as hung."""
    made = Hashing(look_seconds=LOOK_SECONDS)
    yield made
    made.process.end()


@contextmanager
def limited(what: int, to: int) -> Iterator[None]:
    """This process may have no more of it."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (to, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def program(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "program.py"
    path.write_text(text)
    return path


def test_digests_of_many_bodies(hashing: Hashing) -> None:
    bodies = hashing.start(BUFFERS_MAX)
    assert hashing.process.memory(SIZE) is None
    for _ in range(3):
        hashing.check(bodies)


def test_it_is_the_program_that_hashes(tmp_path: Path) -> None:
    hashing = Hashing(program(tmp_path, SEVENS))
    (*_, body) = hashing.start()
    assert hashing.process.md5(body) == bytes([7]) * ANSWER_BYTES
    hashing.process.end()


def test_a_hub_with_little_to_do_hashes_itself(hashing: Hashing) -> None:
    hashing.check(hashing.bodies(BUSY_BUFFERS))
    assert hashing.process.running is None


def test_it_is_killed_while_it_hashes(hashing: Hashing) -> None:
    bodies = hashing.start(WAITING_MAX)
    tasks = [spawn(hashing.process.md5, body) for body in bodies]
    sleep(0)
    os.kill(hashing.running.process.pid, signal.SIGKILL)
    for body, task in zip(bodies, tasks, strict=True):
        assert wait_task(task) == hashlib.md5(body).digest()
    hashing.wait_for_its_end()
    hashing.check(bodies)
    assert hashing.process.running is None, "not again at once"
    hashing.now += RESTART_SECONDS
    hashing.check(hashing.start())
    assert hashing.running.is_ready


def test_one_that_always_ends(tmp_path: Path) -> None:
    hashing = Hashing(program(tmp_path, ENDS_WHEN_ASKED))
    for _ in range(3):
        bodies = hashing.start()
        hashing.check(bodies)
        hashing.wait_for_its_end()
        hashing.now += RESTART_SECONDS


def test_one_that_cannot_start(tmp_path: Path) -> None:
    hashing = Hashing(tmp_path / "missing.py")
    bodies = hashing.bodies(BUSY_BUFFERS + 1)
    hashing.check(bodies)
    hashing.wait_for_its_end()
    hashing.check(bodies)


def test_without_memory_for_it_bodies_go_elsewhere(
    hashing: Hashing, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = hashing.bodies(1)
    with limited(resource.RLIMIT_AS, HASHED_AT_ONCE_BYTES_MAX):
        assert [hashing.process.memory(SIZE) for _ in range(3)] == [None] * 3
    (told,) = caplog.records
    assert "hashed on the hub" in told.message and told.levelno == logging.WARNING
    hashing.now += RESTART_SECONDS
    hashing.check(bodies + hashing.bodies(1))


def test_without_descriptors_for_it_the_hub_hashes(
    hashing: Hashing, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = hashing.bodies(BUSY_BUFFERS + 1)
    with limited(resource.RLIMIT_NOFILE, 3):
        for _ in range(3):
            hashing.check(bodies)
            hashing.now += RESTART_SECONDS
    assert hashing.process.running is None
    (told,) = caplog.records
    assert "no process to hash bodies" in told.message
    hashing.check(hashing.start(1))
    assert hashing.running.is_ready


def test_without_memory_at_the_start_there_is_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hash_process, "_process", None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with limited(resource.RLIMIT_NOFILE, 3):
        hash_process.allow()
    assert hash_process.shared_memory(SIZE) is None
    (told,) = caplog.records
    assert "hashed on the hub" in told.message


def test_one_that_stalls_is_killed(watched: Hashing) -> None:
    bodies = watched.start(WAITING_MAX + 1)
    os.kill(watched.running.process.pid, signal.SIGSTOP)
    tasks = [spawn(watched.process.md5, body) for body in bodies[:-1]]
    sleep(0)
    assert not watched.running.takes_more
    watched.check(bodies[-1:])  # at once, here
    for body, task in zip(bodies, tasks, strict=False):
        assert wait_task(task) == hashlib.md5(body).digest()
    assert watched.running.has_ended


def test_memory_is_in_use_until_it_is_hashed(watched: Hashing) -> None:
    """Also when the request that asked is given up."""
    bodies = watched.start()
    os.kill(watched.running.process.pid, signal.SIGSTOP)
    last = bodies.pop()
    start = last.obj.start
    task = spawn(watched.process.md5, last)
    sleep(0)
    kill_task(task)
    del last
    sleep(0)
    (other,) = watched.bodies(1)
    assert other.obj.start != start
    watched.wait_for_its_end()
    del task
    gc.collect()  # the frames of what was killed
    (again,) = watched.bodies(1)
    assert again.obj.start == start


def test_the_program_ends_when_nobody_asks() -> None:
    questions, asked = os.pipe()
    told, answers = os.pipe()
    body = memoryview(b"some bytes")
    end = threading.Thread(target=answer, args=(questions, answers, body, 0.1))
    end.start()
    os.write(asked, QUESTION.pack(5, 5) + QUESTION.pack(0, 4))
    end.join(PATIENCE_SECONDS)
    assert not end.is_alive()
    expected = [hashlib.md5(each).digest() for each in (b"bytes", b"some")]
    assert os.read(told, 100) == b"".join([bytes(ANSWER_BYTES), *expected])
    for descriptor in (questions, asked, told, answers):
        os.close(descriptor)


def test_the_program_ends_with_its_parent(hashing: Hashing) -> None:
    hashing.start()
    process = hashing.running.process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE_SECONDS) == 0


def test_which_bodies_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_process, "_process", None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    hash_process.allow()
    assert hash_process.shared_memory(SIZE) is None, "one processor only"
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    hash_process.allow()
    assert hash_process.shared_memory(SHARED_BYTES_MIN - 1) is None
    assert hash_process.shared_memory(HASHED_AT_ONCE_BYTES_MAX + 1) is None
    for size in (SHARED_BYTES_MIN, SIZE, HASHED_AT_ONCE_BYTES_MAX):
        body = hash_process.shared_memory(size)
        assert body is not None and len(body) == size
        body[:] = b"x" * size
        expected = hashlib.md5(b"x" * size).hexdigest()
        assert hash_process.md5_of(body) == expected
        assert hash_process.md5_of(bytes(body)) == expected
    large = b"y" * (HASHED_AT_ONCE_BYTES_MAX + 1)
    assert hash_process.md5_of(large) == hashlib.md5(large).hexdigest()
    assert hash_process.md5_of(b"") == hashlib.md5(b"").hexdigest()
    late = hash_process.shared_memory(SIZE)
    assert late is not None
    late[:] = b"z" * SIZE
    hash_process.end()
    assert hash_process.shared_memory(SIZE) is None
    assert hash_process.md5_of(late) == hashlib.md5(b"z" * SIZE).hexdigest()


def test_once_ended_it_is_not_started_again(hashing: Hashing) -> None:
    bodies = hashing.start()
    hashing.process.end()
    hashing.wait_for_its_end()
    hashing.now += 10 * RESTART_SECONDS
    hashing.check(bodies)
    assert hashing.process.running is None
