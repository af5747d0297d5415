"""Of all workers of a machine, one at a time brings something into what has a quota.

Each sees only its own uploads under way, and what others have brought once it is
stored.  So whose last byte has come takes the turn, looks once more, stores and gives
it on: a few milliseconds, in which nobody waits who brings something elsewhere.  A turn
is a lock on a file; it ends with its process, whatever happens to that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Unavailable

# Containers share the files, which stay: two of one file wait for each other.
FILES = 256
POLL_SECONDS = 0.002
WAIT_SECONDS_MAX = 10.0
DIRECTORY = "quotas"
_CLOCK = SystemClock()


class QuotaTurns:
    """Those of the workers that share a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / DIRECTORY

    def take(self, key: Any) -> Callable[[], None]:
        """Wait for the turn; what gives it on.  ``Unavailable`` when it does not
        come."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256(repr(key).encode()).digest()
        path = self._directory / str(int.from_bytes(digest[:4], "big") % FILES)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = _CLOCK.monotonic() + WAIT_SECONDS_MAX
        try:
            while not _locked(lock):
                if _CLOCK.monotonic() > until:
                    raise Unavailable("too many write at once where a quota is")
                sleep(POLL_SECONDS)
        except BaseException:
            os.close(lock)
            raise
        return lambda: os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
