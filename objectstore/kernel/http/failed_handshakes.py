"""Handshakes of TLS that failed: counted, and told as a line or two a minute.

A scan of ports, a probe that only connects, a client with another authority in a loop:
anybody can make them fail, as often as he likes; a line for each would push all else
out of the log.  The first is told at once, for whoever looks why his client is refused;
those that follow within a minute are summed up.
"""

from __future__ import annotations

import logging

from objectstore.kernel import concurrency

INTERVAL_SECONDS = 60.0


class FailedHandshakes:
    """Those of one server."""

    def __init__(
        self, logger: logging.Logger, interval_seconds: float = INTERVAL_SECONDS
    ) -> None:
        self.count = 0  # since the server began
        self._logger = logger
        self._interval_seconds = interval_seconds
        self._untold = 0
        self._last = ""
        self._task: concurrency.Task = None

    def note(self, who: str, why: Exception) -> None:
        """One more."""
        self.count += 1
        self._last = f"TLS with {who} fails: {why}"
        if self._task is None:
            self._logger.info("%s", self._last)
            self._task = concurrency.spawn(self._sum_up)
        else:
            self._untold += 1

    def close(self) -> None:
        """Tell what was not told yet."""
        task, self._task = self._task, None
        if task is not None:
            concurrency.kill_task(task)
        self._tell()

    def _sum_up(self) -> None:
        concurrency.sleep(self._interval_seconds)
        while self._tell():
            concurrency.sleep(self._interval_seconds)
        self._task = None

    def _tell(self) -> bool:
        """Whether there were any."""
        untold, self._untold = self._untold, 0
        if untold:
            text = "%d more handshakes failed within %.0f s, the last: %s"
            self._logger.info(text, untold, self._interval_seconds, self._last)
        return bool(untold)
