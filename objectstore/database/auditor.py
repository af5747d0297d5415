"""The auditor of databases: checks every one of a device, again and again.

A corrupt one is put aside, so that replication brings it back.  One step reads one
database's structure, or some thousand of its rows, on a native thread.  The place is
kept on the device, next to the databases.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TypeVar

from objectstore.database.checking import DatabaseCheck
from objectstore.database.store import DatabaseStore
from objectstore.kernel.audit import AuditMark, AuditRounds
from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.kernel.loop import Progress

T = TypeVar("T")

REST_SECONDS = 60.0
MARK_NAME = "audit"

_log = logging.getLogger("objectstore.audit")


class DatabaseAuditor:
    """A ``kernel.loop.Step`` over one store of databases."""

    def __init__(
        self,
        databases: DatabaseStore,
        disk: Disk,
        clock: Clock,
        bytes_rate: float,
        files_rate: float,
        rest_seconds: float = 0.0,
    ) -> None:
        """Rates and rest as in ``kernel.audit.AuditRounds``."""
        self.name = "database-audit"
        path = os.path.join(databases.directory, MARK_NAME)
        self._rounds = AuditRounds(
            disk, path, clock, bytes_rate, files_rate, rest_seconds
        )
        self._databases = databases
        self._disk = disk
        self._check: DatabaseCheck | None = None

    @property
    def mark(self) -> AuditMark:
        """How far the audit has come."""
        return self._rounds.mark

    def start_over(self) -> None:
        """Let the round under way be, and begin a new one."""
        self._end()
        self._rounds.start_over()

    def step(self) -> Progress:
        """See ``kernel.loop.Step``; ``DONE`` at the end of a round."""
        if (waiting := self._rounds.waiting()) is not None:
            return waiting
        mark = self.mark
        if self._check is None and not self._begin_next(mark):
            return self._rounds.ended()
        if self._check is not None:
            self._go_on(self._check)
        return self._rounds.went_on()

    def _begin_next(self, mark: AuditMark) -> bool:
        """Whether there was a further database."""
        for key in self._databases.keys(mark.key):
            if key == mark.key:
                continue
            mark.key = key
            path = self._databases.files.path(key)
            try:
                size = self._disk.facts(path).size
            except FileMissing:
                continue
            self._rounds.files.take(1)
            self._rounds.bytes.take(size)
            self._check = DatabaseCheck(path, self._databases.kind)
            self._try(self._check.begin)
            mark.bytes_verified += size
            return True
        return False

    def _go_on(self, check: DatabaseCheck) -> None:
        if self._try(check.go_on) is False:
            self.mark.items_verified += 1
            self._end()

    def _try(self, part: Callable[[], T]) -> T | None:
        """The outcome of a part of a check; None when that ended it."""
        try:
            return self._disk.offload(part)
        except Corrupt as error:
            self.mark.problems += 1
            _log.error("audit: %s", error)
            self._end()
            self._databases.quarantine(self.mark.key)
        except Unavailable as error:
            # Removed meanwhile, or busy: the next round looks again.
            _log.info("audit: not verified: %s", error)
            self._end()
        return None

    def _end(self) -> None:
        if self._check is not None:
            self._check.close()
            self._check = None
