"""Of all workers of a machine, one at a time brings something into what has a quota.

Each sees only its own uploads under way, and what others have brought once it is
stored.  So a worker takes the turn when the last byte of an upload has come, looks once
more, stores and gives it on: a few milliseconds, in which nobody waits who brings
something elsewhere.  Uploads of the same worker that come meanwhile join its turn, for
it knows them; but not for long, and then another worker's come first.  A turn is a lock
on a file; it ends with its process, whatever happens to that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Event, sleep
from objectstore.kernel.errors import Unavailable

# Containers share the files, which stay: two of one file wait for each other.
FILES = 256
POLL_SECONDS = 0.002
# Some ten writes' time: they are synced together.
JOINED_SECONDS = 0.02
WAIT_SECONDS_MAX = 10.0
DIRECTORY = "quotas"
_CLOCK = SystemClock()


@dataclass(eq=False, slots=True)
class _Turn:
    """This worker's, from when it is asked for."""

    closes: float = 0.0  # nobody joins later; 0: it has not begun
    lock: int = -1
    users: int = 0
    changed: Event = field(default_factory=Event)  # it has begun, or ended


class QuotaTurns:
    """Those of the workers that share a directory."""

    def __init__(
        self, directory: Path, monotonic: Callable[[], float] = _CLOCK.monotonic
    ) -> None:
        self._directory = directory / DIRECTORY
        self._monotonic = monotonic
        self._turns: dict[int, _Turn] = {}  # by file: ours

    def take(self, key: Any) -> Callable[[], None]:
        """Wait for the turn; what gives it on.  ``Unavailable`` when it does not
        come."""
        digest = hashlib.sha256(repr(key).encode()).digest()
        number = int.from_bytes(digest[:4], "big") % FILES
        until = self._monotonic() + WAIT_SECONDS_MAX
        has_waited = False
        while (turn := self._turns.get(number)) is not None:
            if turn.closes > self._monotonic():
                return self._joined(number, turn)
            has_waited = has_waited or turn.closes > 0
            turn.changed.clear()
            if not turn.changed.wait(until - self._monotonic()):
                raise _too_many()
        turn = self._turns[number] = _Turn()
        lock = -1
        try:
            if has_waited:  # others may be waiting since before
                sleep(2 * POLL_SECONDS)
            lock = self._lock(number, until)
        finally:
            if lock < 0:
                self._end(number, turn)
        turn.closes = self._monotonic() + JOINED_SECONDS
        turn.lock = lock
        give_on = self._joined(number, turn)
        turn.changed.set()
        return give_on

    def _joined(self, number: int, turn: _Turn) -> Callable[[], None]:
        turn.users += 1

        def give_on() -> None:
            turn.users -= 1
            if not turn.users:
                os.close(turn.lock)
                self._end(number, turn)

        return give_on

    def _end(self, number: int, turn: _Turn) -> None:
        del self._turns[number]
        turn.changed.set()

    def _lock(self, number: int, until: float) -> int:
        """The descriptor that holds it."""
        path = self._directory / str(number)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unavailable(f"no turn to write where a quota is: {error}") from error
        try:
            while not _locked(lock):
                if self._monotonic() > until:
                    raise _too_many()
                sleep(POLL_SECONDS)
        except BaseException:
            os.close(lock)
            raise
        return lock


def _too_many() -> Unavailable:
    return Unavailable("too many write at once where a quota is")


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
