"""MD5 of bodies beside the hub, in a process of its own.

MD5 of 64 KiB takes 0.1 ms, a fifth of its PUT.  On a native thread it costs more than
that in hand-overs of the interpreter's lock; another process has a lock of its own.
So bodies of such a size are received into memory that a small program sees, too
(``kernel.hash_program``), it is told through a pipe where they lie, and the hub goes
on with other requests until the digest comes.

It is started when several such bodies are here at once, since a hub that has nothing
else to do might as well hash, and ends when it was not asked for a minute.  While there
is none, and when it has ended in the middle, or stalls, or has much to do already, or
when the system has no memory, descriptors or processes left for it, bodies are hashed
on the hub: with it things go faster, without it they go on.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import mmap
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.blocks import ViewedPool
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise, offload
from objectstore.kernel.hash_program import ANSWER_BYTES, QUESTION, QUESTIONS_BYTES_MAX

# Below, asking costs as much as hashing.
SHARED_BYTES_MIN = 32 * 1024
# Hashing this much takes some 0.2 ms; above, a hand-over to a thread is little beside
# it, and several threads hash several bodies at once.
HASHED_AT_ONCE_BYTES_MAX = 128 * 1024
# 16 MiB in all, of which only what bodies have reached into is taken.
BUFFERS_MAX = 128
# It is started when so many buffers are in use at once ...
BUSY_BUFFERS = 4
# ... and with so many bodies before it, a few milliseconds of work, the hub helps out.
# (So the pipes, which take 64 KiB, are never full.)
WAITING_MAX = 32
# One that ends as soon as it is started is not started all the time.
RESTART_SECONDS = 10.0
# One that answered nothing in between two such looks is stuck.
LOOK_SECONDS = 1.0

PROGRAM = Path(__file__).with_name("hash_program.py")

_log = logging.getLogger("objectstore.hash_process")


class _SharedPages(mmap.mmap):
    """A buffer in the memory of both processes."""

    owner: HashProcess
    start: int  # in it


class _Running:
    """The program, from its start to its end."""

    def __init__(self, command: list[str], memory: int, look_seconds: float) -> None:
        self.is_ready = False
        self.has_ended = False
        self._look_seconds = look_seconds
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=(memory,),
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._asked = self.process.stdin.fileno()
        self._told = self.process.stdout.fileno()
        os.set_blocking(self._told, False)
        # With each its body: nobody may write there until the answer is here.
        self._waiting: deque[tuple[Promise[bytes | None], memoryview]] = deque()
        self._stop_listening = concurrency.call_when_readable(self._told, self._hear)
        concurrency.spawn(self._watch)

    @property
    def takes_more(self) -> bool:
        return self.is_ready and len(self._waiting) < WAITING_MAX

    def ask(self, start: int, body: memoryview) -> Promise[bytes | None]:
        """The digest; None when it ends before."""
        promise: Promise[bytes | None] = Promise()
        self._waiting.append((promise, body))
        try:  # noqa: SIM105  (``suppress`` costs half as much as the call)
            os.write(self._asked, QUESTION.pack(start, len(body)))
        except OSError:
            pass  # it has just ended: ``_hear`` will find out
        return promise

    def _hear(self) -> None:
        try:
            answers = os.read(self._told, QUESTIONS_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            _log.error("the process that hashes cannot be heard: %s", error)
            answers = b""
        if not answers:
            self._end()
            return
        start = 0 if self.is_ready else ANSWER_BYTES
        self.is_ready = True
        for at in range(start, len(answers), ANSWER_BYTES):
            promise, _ = self._waiting.popleft()
            promise.resolve(answers[at : at + ANSWER_BYTES])

    def _watch(self) -> None:
        oldest = None
        while not self.has_ended:
            first = self._waiting[0][0] if self._waiting else None
            if first is not None and first is oldest:
                _log.error("the process that hashes does not answer: killed")
                self.process.kill()  # ``_hear`` finds out
            oldest = first
            concurrency.sleep(self._look_seconds)

    def _end(self) -> None:
        self._stop_listening()
        self.has_ended = True
        self.is_ready = False
        self.process.kill()  # if it has only closed its output
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        while self._waiting:
            self._waiting.popleft()[0].resolve(None)


class HashProcess:
    """The program when it is wanted, and the memory that it sees."""

    def __init__(
        self,
        program: Path = PROGRAM,
        monotonic: Callable[[], float] | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """OSError where the system has no such memory."""
        size = HASHED_AT_ONCE_BYTES_MAX * BUFFERS_MAX
        self._memory = os.memfd_create("ringstack-bodies", os.MFD_CLOEXEC)
        try:
            os.ftruncate(self._memory, size)
        except OSError:
            os.close(self._memory)
            raise
        self._buffers = ViewedPool(HASHED_AT_ONCE_BYTES_MAX, BUFFERS_MAX, self._pages)
        flags = ("-I", "-S")  # neither the user's modules nor the site's
        self._command = [sys.executable, *flags, str(program), str(self._memory)]
        self._command.append(str(size))
        self._monotonic = monotonic or SystemClock().monotonic
        self._look_seconds = look_seconds
        self._start_from = 0.0  # not before
        # Said once, not for each body of a machine that has no memory.
        self._is_short_told = False
        self._is_failure_told = False
        self.running: _Running | None = None

    def _pages(self, place: int) -> mmap.mmap:
        # Seen by no child that is forked: they are programs of their own all.
        size = HASHED_AT_ONCE_BYTES_MAX
        pages = _SharedPages(self._memory, size, mmap.MAP_SHARED, offset=place * size)
        pages.owner = self
        pages.start = place * size
        return pages

    def memory(self, size: int) -> memoryview | None:
        """For a body of HASHED_AT_ONCE_BYTES_MAX at most; None: all is in use, or the
        system gives no more."""
        try:
            memory = self._buffers.take()
        except OSError as error:
            if not self._is_short_told:
                self._is_short_told = True
                _log.warning(
                    "no shared memory, bodies are hashed on the hub: %s", error
                )
            return None
        return None if memory is None else memory[:size]

    def md5(self, body: memoryview) -> bytes:
        """Of what fills the beginning of such memory.  The greenlet may wait."""
        digest = None
        start: int = body.obj.start  # type: ignore[attr-defined]
        running = self._running_for(start)
        if running is not None and running.takes_more:
            digest = running.ask(start, body).wait()
        return digest or _md5(body)

    def _running_for(self, start: int) -> _Running | None:
        if self.running is not None and self.running.has_ended:
            self.running = None
        if self.running is None and start >= BUSY_BUFFERS * HASHED_AT_ONCE_BYTES_MAX:
            # The first buffer that is free is taken, so those before it are in use.
            self._start()
        return self.running

    def _start(self) -> None:
        now = self._monotonic()
        if now < self._start_from:
            return
        self._start_from = now + RESTART_SECONDS
        try:
            self.running = _Running(self._command, self._memory, self._look_seconds)
        except OSError as error:
            if not self._is_failure_told:
                self._is_failure_told = True
                _log.warning("no process to hash bodies: %s", error)
        else:
            self._is_failure_told = False

    def end(self) -> None:
        """End the program for good; what is under way is hashed here."""
        self._start_from = math.inf
        if self.running is not None:
            self.running.process.kill()
            self.running.process.wait()
        memory, self._memory = self._memory, -1
        if memory >= 0:
            os.close(memory)


_process: HashProcess | None = None


def allow() -> None:
    """From now on this process may have such a program, if there is a processor for it;
    called on the hub's thread, not before the last fork."""
    global _process
    if _process is None and len(os.sched_getaffinity(0)) > 1:
        try:
            _process = HashProcess()
        except OSError as error:
            _log.warning("bodies are hashed on the hub: %s", error)


def end() -> None:
    """There shall be none any more."""
    global _process
    ended, _process = _process, None
    if ended is not None:
        ended.end()


def shared_memory(size: int) -> memoryview | None:
    """Memory for a whole body from which it is hashed by that program, its content
    undefined; None where it is better received elsewhere."""
    if _process is None or not SHARED_BYTES_MIN <= size <= HASHED_AT_ONCE_BYTES_MAX:
        return None
    return _process.memory(size)


def md5_of(body: bytes | memoryview) -> str:
    """In hex; hashed where that costs least.  The greenlet may wait."""
    if isinstance(body, memoryview) and isinstance(body.obj, _SharedPages):
        return body.obj.owner.md5(body).hex()
    if len(body) <= HASHED_AT_ONCE_BYTES_MAX:
        return _md5(body).hex()
    return offload(_md5, body).hex()


def _md5(body: bytes | memoryview) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()
