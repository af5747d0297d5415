"""Background loops that converge: one bounded step, again and again.

A ``Step`` reads the whole truth, does one bounded unit of work and says how
it went.  It is safe to repeat and to kill at any point.  ``Loop`` runs a step
as a daemon: at once while busy, after a rest when idle, slower when told to
throttle; an exception is logged, counted and retried after a pause that grows.
``hint()`` wakes it earlier; a lost hint costs latency only.
"""

from __future__ import annotations

import enum
import logging
from typing import Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable


class Progress(enum.Enum):
    """What one step says of the work."""

    BUSY = "busy"  # did something, there is more
    IDLE = "idle"  # nothing to do now
    THROTTLED = "throttled"  # there is more, but its rate is used up
    DONE = "done"  # one whole round is complete


class Step(Protocol):
    """One bounded unit of a daemon's work."""

    name: str

    def step(self) -> Progress:
        """Do one unit; raise for the loop to log and retry."""


IDLE_SECONDS = 5.0
THROTTLED_SECONDS = 0.2
RETRY_SECONDS = 1.0
RETRY_SECONDS_MAX = 60.0


class Loop:
    """Runs one ``Step`` for ever, or for one round (``once``)."""

    def __init__(
        self,
        step: Step,
        *,
        idle_seconds: float = IDLE_SECONDS,
        busy_seconds: float = 0.0,
        logger: logging.Logger | None = None,
    ) -> None:
        """``busy_seconds``: the pause between steps while there is more to do."""
        self.step = step
        self.failures = 0
        self._idle_seconds = idle_seconds
        self._busy_seconds = busy_seconds
        self._logger = logger or logging.getLogger(f"objectstore.{step.name}")
        self._hint = concurrency.Event()
        self._stepping = concurrency.Semaphore(1)
        self._stopping = False
        self._task: concurrency.Task = None

    def start(self) -> None:
        """Run in the background until ``stop``."""
        self._task = concurrency.spawn(self._run)

    def stop(self) -> None:
        """Stop: ends the step where it waits; it is safe to kill by contract."""
        self._stopping = True
        if self._task is not None:
            concurrency.kill_task(self._task)
            self._task = None

    def hint(self) -> None:
        """There may be work: look now instead of after the rest."""
        self._hint.set()

    def once(self) -> None:
        """Step until the work is done or there is none; errors are raised.

        Also while the loop runs in the background: steps never overlap.
        """
        while True:
            progress = self._step()
            if progress in (Progress.IDLE, Progress.DONE):
                return
            concurrency.sleep(
                THROTTLED_SECONDS if progress is Progress.THROTTLED else 0
            )

    def _run(self) -> None:
        while not self._stopping:
            self._hint.clear()
            try:
                progress = self._step()
            except Exception as error:  # noqa: BLE001  (told, then retried)
                self.failures += 1
                self._tell(error)
                self._rest(min(RETRY_SECONDS * 2**self.failures, RETRY_SECONDS_MAX))
                continue
            self.failures = 0
            if progress is Progress.BUSY:
                concurrency.sleep(self._busy_seconds)
            elif progress is Progress.THROTTLED:
                concurrency.sleep(THROTTLED_SECONDS)
            else:
                self._rest(self._idle_seconds)

    def _step(self) -> Progress:
        with self._stepping:
            return self.step.step()

    def _tell(self, error: Exception) -> None:
        """A line for what an operator can do something about (a device that is
        gone or full); a traceback for what only a programmer can."""
        if isinstance(error, Unavailable):
            self._logger.warning("%s: %s; will retry", self.step.name, error)
        else:
            self._logger.exception("%s: step failed, will retry", self.step.name)

    def _rest(self, seconds: float) -> None:
        self._hint.wait(seconds)
