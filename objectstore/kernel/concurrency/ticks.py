"""Timeouts that hardly ever come: all of one *tick* share a timer of the hub.

A write waits for its replicas a few milliseconds, and for half a second at the most: a
timer of its own, made, put in its place and cancelled, costs a fiftieth of a small PUT.
So a timeout of some length ends with the next tick, a little late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.kernel.concurrency.turns import soon

TICK_SECONDS = 0.02
# Shorter timeouts have timers of their own: these are a tenth late at most.
ON_TICKS_FROM_SECONDS = 0.2

Waiting = dict[Callable[[], None], None]
"""What is called at a tick, in the order of the asking; take out what need not be."""


class Ticks:
    """Whom to call when."""

    __slots__ = ("_hub", "_waiting")

    def __init__(self) -> None:
        self._hub: Any = None
        self._waiting: dict[int, Waiting] = {}

    def add(self, hub: Any, seconds: float, call: Callable[[], None]) -> Waiting:
        """Have ``call`` called, in a turn of this hub, when so much time has passed."""
        if hub is not self._hub:  # those of the other are not served any more
            self._hub, self._waiting = hub, {}
        now = hub.clock()
        tick = int((now + seconds) / TICK_SECONDS) + 1
        waiting = self._waiting.get(tick)
        if waiting is None:
            waiting = self._waiting[tick] = {}
            hub.schedule_call_global(tick * TICK_SECONDS - now, self._end, tick)
        waiting[call] = None
        return waiting

    def _end(self, tick: int) -> None:
        for call in self._waiting.pop(tick):
            soon(call)
