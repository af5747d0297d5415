"""The hub's turns: what is to be called in the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import eventlet.hubs

# A sync that ends wakes its writer, who writes again, whose batch begins, whose sync
# is handed over: all in one turn.  Then it is the turn of the sockets.
ROUNDS_PER_TURN = 4


class _Turn:
    """What is to be called in the hub's next turn, with one timer for all."""

    __slots__ = ("_calls", "_hub")

    def __init__(self) -> None:
        self._calls: deque[Callable[[], Any]] = deque()
        self._hub: Any = None  # that has the timer; None: there is no timer

    def add(self, call: Callable[[], Any]) -> None:
        hub = eventlet.hubs.get_hub()
        self._calls.append(call)
        if self._hub is not hub:
            self._hub = hub
            hub.schedule_call_global(0, self._run)

    def _run(self) -> None:
        calls = self._calls
        try:
            for _ in range(ROUNDS_PER_TURN):
                for _ in range(len(calls)):
                    calls.popleft()()
        finally:
            self._hub = None
            if calls:
                self._hub = eventlet.hubs.get_hub()
                self._hub.schedule_call_global(0, self._run)


def _soon_by_timer(call: Callable[[], Any]) -> None:
    eventlet.hubs.get_hub().schedule_call_global(0, call)


_soon: Callable[[Callable[[], Any]], None] = _Turn().add


def call_by_timers() -> None:
    """From now on each call gets a timer of its own: for simulated time."""
    global _soon
    _soon = _soon_by_timer


def soon(call: Callable[[], Any]) -> None:
    """Call it on the hub itself, in its next turn, in the order of the asking.

    The cheapest way to go on later: no greenlet, and one timer for all that is asked
    for in a turn.  It must be short and must not wait.
    """
    _soon(call)
