"""Forgets what is old: changes beyond their limits, finished jobs; seals what was
written before there was a key."""

from __future__ import annotations

from compute.alarm.parts import Parts
from compute.core.keys.resealing import seal_clear
from compute.core.sql.database import Connection
from objectstore.kernel.loop import Progress

JOBS_KEPT_SECONDS = 3600.0
# In one transaction: others wait for it.
AT_ONCE = 200


class Upkeep:
    """A loop's step."""

    name = "alarm-upkeep"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._is_sealed = False

    def step(self) -> Progress:
        """See the module."""
        if not self._is_sealed:
            seal_clear(self._parts.database, self._parts.stores.sealed())
            self._is_sealed = True
        is_full = self._parts.run(self._forget) >= AT_ONCE
        return Progress.BUSY if is_full else Progress.IDLE

    def _forget(self, connection: Connection) -> int:
        parts, stores = self._parts, self._parts.stores
        now = parts.now()
        stores.jobs.forget_finished(connection, now - JOBS_KEPT_SECONDS)
        before = now - parts.settings.history_kept
        old = stores.forget_changes(connection, before, AT_ONCE)
        kept = parts.settings.history_per_alarm
        return max(old, stores.cut_changes(connection, kept, AT_ONCE))
