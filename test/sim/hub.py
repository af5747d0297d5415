"""Simulated time: greenlets of the real code on a hub whose clock jumps.

Nothing ever waits for the machine: when nobody can run, time is what the next
timer says.  Timers of the same moment fire in the order in which they were set, so
a run depends on nothing but its seed.

Everything that runs belongs to a *realm* (the life of one simulated process, or
None: the world around them).  Timers inherit the realm of whoever set them, and with
them every greenlet that they wake.  A realm that has died never runs again: not even
its ``finally`` clauses, exactly as after a power cut.  A paused one runs later.

The only file of the simulation that knows eventlet.
"""

from __future__ import annotations

import heapq
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import eventlet.hubs
from eventlet.hubs.hub import BaseHub

from objectstore.kernel import concurrency

# A simulated minute takes some ten thousand steps: more than this is a livelock.
STEPS_MAX = 20_000_000


class Realm:
    """One life of one process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_alive = True
        self.is_paused = False
        self.held: list[Any] = []  # timers that came while it was paused


class Stuck(Exception):
    """Nobody can ever run again, or nobody ever rests."""


class SimulatedHub(BaseHub):  # type: ignore[misc]
    """See the module.  ``start`` makes it the process's hub."""

    now: float

    def __init__(self) -> None:
        super().__init__(clock=lambda: self.now)
        self.now = 0.0
        self.steps = 0
        self.realm: Realm | None = None
        # What broke in a greenlet that nobody waits for: (where, what).
        self.broken: list[tuple[str, BaseException, str]] = []
        self._queue: list[tuple[float, int, Realm | None, Any]] = []
        self._count = 0
        # Dead realms' timers: kept, so that none of their greenlets is unwound.
        self._buried: list[Any] = []

    # ---- what eventlet asks of a hub ------------------------------------------

    def add_timer(self, timer: Any) -> float:
        when: float = self.now + max(0.0, timer.seconds)
        self._push(when, self.realm, timer)
        return when

    def _push(self, when: float, realm: Realm | None, timer: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, realm, timer))

    def timer_canceled(self, timer: Any) -> None:
        pass  # it is skipped when its turn comes

    def run(self, *ignored: Any) -> None:
        queue = self._queue
        while True:
            if not queue:
                raise Stuck("nothing is left to happen")
            when, _, realm, timer = heapq.heappop(queue)
            if timer.called:
                continue
            if realm is not None and not realm.is_alive:
                self._buried.append(timer)
                continue
            if realm is not None and realm.is_paused:
                realm.held.append(timer)
                continue
            self.now = max(self.now, when)
            self.steps += 1
            if self.steps > STEPS_MAX:
                raise Stuck("it never comes to rest")
            self.realm = realm
            try:
                timer()
            except self.SYSTEM_EXCEPTIONS:
                raise
            except BaseException as error:
                self._note(realm, error)

    def _note(self, realm: Realm | None, error: BaseException) -> None:
        where = realm.name if realm is not None else "world"
        text = "".join(traceback.format_exception(*sys.exc_info()))
        self.broken.append((where, error, text))

    # ---- realms ----------------------------------------------------------------

    def call_later(
        self, realm: Realm | None, seconds: float, call: Callable[[], Any]
    ) -> None:
        """Call it in that realm.  It must not wait; it may ``spawn``."""
        with self.within(realm):
            self.schedule_call_global(seconds, call)

    @contextmanager
    def within(self, realm: Realm | None) -> Iterator[None]:
        """Timers set in this block belong to the realm.  The block must not wait."""
        before, self.realm = self.realm, realm
        try:
            yield
        finally:
            self.realm = before

    def kill(self, realm: Realm) -> None:
        """Nothing of it runs any more."""
        realm.is_alive = False
        self._buried += realm.held

    def resume(self, realm: Realm) -> None:
        """Go on after a pause, with all that has piled up, in order."""
        realm.is_paused = False
        held, realm.held = realm.held, []
        for timer in held:
            self._push(self.now, realm, timer)


def start() -> SimulatedHub:
    """From here on this process lives in simulated time."""
    hub = concurrency.simulate(SimulatedHub)
    assert isinstance(hub, SimulatedHub) and hub is eventlet.hubs.get_hub()
    return hub
