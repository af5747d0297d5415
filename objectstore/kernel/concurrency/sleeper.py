"""A greenlet that waits for whoever is first to wake it."""

from __future__ import annotations

import math
from typing import Any

import eventlet.hubs
import greenlet

from objectstore.kernel.concurrency.ticks import ON_TICKS_FROM_SECONDS, Ticks
from objectstore.kernel.concurrency.turns import soon

_ticks = Ticks()
_on_ticks_from_seconds = ON_TICKS_FROM_SECONDS


def time_exactly() -> None:
    """From now on each timeout has a timer of its own: for simulated time."""
    global _on_ticks_from_seconds
    _on_ticks_from_seconds = math.inf


class Sleeper:
    """A greenlet that waits to be woken once, by whoever is first."""

    __slots__ = ("_greenlet", "is_woken")

    def __init__(self) -> None:
        self.is_woken = False  # not by its timer
        self._greenlet: Any = None

    def sleep(self, timeout_seconds: float | None) -> None:
        """Until ``wake`` or, at the latest, so many seconds have passed (or a tenth
        more: ``ticks``)."""
        hub = eventlet.hubs.get_hub()
        self._greenlet = greenlet.getcurrent()
        if timeout_seconds is None:
            self._sleep(hub)
        elif timeout_seconds < _on_ticks_from_seconds:
            timer = hub.schedule_call_global(max(0.0, timeout_seconds), self._end)
            try:
                self._sleep(hub)
            finally:
                timer.cancel()
        else:
            end = self._end
            waiting = _ticks.add(hub, timeout_seconds, end)
            try:
                self._sleep(hub)
            finally:
                waiting.pop(end, None)

    def _sleep(self, hub: Any) -> None:
        try:
            hub.switch()
        finally:
            # Killed, perhaps: a wake-up on its way must not meet it elsewhere.
            self._greenlet = None

    def wake(self) -> None:
        """Let it go on in the hub's next turn."""
        self.is_woken = True
        soon(self._end)

    def _end(self) -> None:  # called by the hub
        if self._greenlet is not None:
            self._greenlet.switch()
