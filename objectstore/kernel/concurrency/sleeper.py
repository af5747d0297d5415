"""A greenlet that waits for whoever is first to wake it."""

from __future__ import annotations

from typing import Any

import eventlet.hubs
import greenlet

from objectstore.kernel.concurrency.turns import soon


class Sleeper:
    """A greenlet that waits to be woken once, by whoever is first."""

    __slots__ = ("_greenlet", "_timer", "is_woken")

    def __init__(self) -> None:
        self.is_woken = False  # not by its timer
        self._greenlet: Any = None
        self._timer: Any = None

    def sleep(self, timeout_seconds: float | None) -> None:
        """Until ``wake`` or, at the latest, so many seconds have passed."""
        hub = eventlet.hubs.get_hub()
        self._greenlet = greenlet.getcurrent()
        if timeout_seconds is not None:
            self._timer = hub.schedule_call_global(max(0.0, timeout_seconds), self._end)
        try:
            hub.switch()
        finally:
            # Killed, perhaps: a wake-up on its way must not meet it elsewhere.
            self._greenlet = None
            if self._timer is not None:
                self._timer.cancel()

    def wake(self) -> None:
        """In the hub's next turn."""
        self.is_woken = True
        soon(self._end)

    def _end(self) -> None:  # called by the hub
        if self._greenlet is not None:
            self._greenlet.switch()
