"""Removing body files that no record needs, soon, on a native thread.

Unlinking a large file takes a while.  What a crash leaves behind is for the sweep.
"""

from __future__ import annotations

import logging

from objectstore.kernel import concurrency
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError
from objectstore.object.bodies.files import BodyFiles

_log = logging.getLogger("objectstore.object")


class BodyRemoval:
    """Removes files one after the other, in a greenlet while there are any."""

    def __init__(self, disk: Disk, bodies: BodyFiles) -> None:
        self._disk = disk
        self._bodies = bodies
        self._waiting: list[tuple[bytes, int, int]] = []
        self._task: concurrency.Task = None

    def remove(self, key: bytes, timestamp: int, serial: int) -> None:
        """Remove a body file soon."""
        self._waiting.append((key, timestamp, serial))
        if self._task is None:
            self._task = concurrency.spawn(self._run)

    def wait(self) -> None:
        """Wait until all are removed."""
        if self._task is not None:
            concurrency.wait_task(self._task)

    def _run(self) -> None:
        try:
            while self._waiting:
                key, timestamp, serial = self._waiting.pop()
                try:
                    self._disk.offload(self._bodies.remove, key, timestamp, serial)
                except RingstackError as error:
                    directory = self._bodies.directory
                    _log.warning("%s: body not removed: %s", directory, error)
        finally:
            self._task = None
