"""One greenlet that ends overdue waits, instead of a timer for each.

Timers of the hub cost microseconds each, twice a request; a look over all
connections once a second costs next to nothing, and a stuck peer may well be
let go a second late.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.http.limits import SWEEP_SECONDS

_log = logging.getLogger("objectstore.sweeper")


class Watched(Protocol):
    """What waits: a stream, or what has deadlines of its own."""

    deadline: float  # monotonic; ``patient_socket.NEVER``: none

    def expire(self) -> None:
        """Called when the deadline has passed."""


class Sweeper:
    """Watches what waits; ``sweep`` expires those whose deadline has passed."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        seconds: float = SWEEP_SECONDS,
        after: Callable[[float], None] | None = None,
    ) -> None:
        """``after(now)`` is called after each look, for what else gets stale."""
        self.watched: dict[Watched, None] = {}  # in the order of their coming
        self._clock = monotonic
        self._seconds = seconds
        self._after = after
        self._task: concurrency.Task = None

    def watch(self, watched: Watched) -> None:
        """Look after it from now on; starts the greenlet if needed."""
        self.watched[watched] = None
        if self._task is None:
            self._task = concurrency.spawn(self._run)

    def forget(self, watched: Watched) -> None:
        """Look no longer after it; harmless when not watched."""
        self.watched.pop(watched, None)

    def sweep(self) -> int:
        """Expire what is overdue now; how many there were."""
        now = self._clock()
        stale = [each for each in self.watched if each.deadline <= now]
        for each in stale:
            each.expire()
        if self._after is not None:
            self._after(now)
        return len(stale)

    def stop(self) -> None:
        """End the greenlet."""
        task, self._task = self._task, None
        if task is not None:
            concurrency.kill_task(task)

    def _run(self) -> None:
        while True:
            concurrency.sleep(self._seconds)
            try:
                self.sweep()
            except Exception:  # noqa: BLE001  (all other deadlines hang on this)
                _log.exception("a look at the deadlines failed")
