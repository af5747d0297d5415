"""One agent for a host: whoever works on its state holds this lock.

Two agents of one host would take each other for themselves before a restart, and both
do the same jobs.  The kernel gives the lock back when its process ends, however it
ends; a process that is merely stopped keeps it, and that is right, for it may go on.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from objectstore.kernel.errors import Unavailable

LOCK_FILE = "agent.lock"


class HostLock:
    """The lock of one state directory."""

    def __init__(self, state: Path) -> None:
        self._path = state / LOCK_FILE
        self._descriptor = -1

    def take(self) -> None:
        """Hold it until ``release``; ``Unavailable`` when another process does."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Unavailable(
                f"{self._path}: another agent looks after this host"
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Another one may; harmless when not held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
