"""Lines of the log that others can cause as often as they like, told as one or two a
minute.

The first is told at once, for whoever looks why he is refused; those that follow within
a minute are summed up, or they would push all else out of the log.
"""

from __future__ import annotations

import logging

from objectstore.kernel import concurrency

INTERVAL_SECONDS = 60.0


class SummedLines:
    """The lines of one kind."""

    def __init__(
        self,
        logger: logging.Logger,
        level: int,
        what: str,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """``what`` happened, said of many: ``handshakes failed``."""
        self._logger = logger
        self._level = level
        self._what = what
        self._interval_seconds = interval_seconds
        self._untold = 0
        self._last = ""
        self._task: concurrency.Task = None

    def note(self, line: str) -> None:
        """Tell one more, now or in the next sum."""
        self._last = line
        if self._task is None:
            self._logger.log(self._level, "%s", line)
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
        """Tell what was not told; whether there was anything."""
        untold, self._untold = self._untold, 0
        if untold:
            text = "%d more %s within %.0f s, the last: %s"
            about = (untold, self._what, self._interval_seconds, self._last)
            self._logger.log(self._level, text, *about)
        return bool(untold)
