"""The loop that makes database files safe, so that the journal can be let go."""

from __future__ import annotations

from objectstore.database.store import DatabaseStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Progress
from objectstore.kernel.turns import Line

REST_SECONDS = 2.0
# What a restart after a crash replays at most, about: 100,000 rows, a second.
UNSETTLED_BYTES_MAX = 16 * 1024 * 1024
# A quiet device settles all the same, so that its next start is immediate.
SETTLE_SECONDS = 30.0


class SettleStep:
    """One step settles everything that was written before it."""

    def __init__(self, databases: DatabaseStore, clock: Clock, line: Line) -> None:
        """``line``: of all that is folded in this process."""
        self.name = "database-settling"
        self._databases = databases
        self._clock = clock
        self._line = line
        self._settled = clock.monotonic()

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        waiting = self._databases.changes.unsettled_bytes
        age = self._clock.monotonic() - self._settled
        if not waiting or (waiting < UNSETTLED_BYTES_MAX and age < SETTLE_SECONDS):
            return Progress.IDLE
        self._databases.changes.settle(self._line.wait)
        self._settled = self._clock.monotonic()
        return Progress.DONE
