"""Clocks of simulated machines: one time for all, each machine's wall clock its own."""

from __future__ import annotations

from typing import Any, Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.timestamps import HybridClock
from test.sim.hub import SimulatedHub

WALL_SECONDS = 1_700_000_000.0


class Skewed(Protocol):
    """Whoever's wall clock is off."""

    skew_seconds: float


class SkewedClock:
    """``kernel.clock.Clock``: the wall clock is off by what its machine says."""

    def __init__(self, hub: SimulatedHub, machine: Skewed) -> None:
        self._hub = hub
        self._machine = machine

    def time(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return WALL_SECONDS + self._hub.now + self._machine.skew_seconds

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return 1000.0 + self._hub.now


class OpClock(HybridClock):
    """Notes which timestamps were taken for whose request."""

    def __init__(self, clock: SkewedClock) -> None:
        super().__init__(clock)
        self._takers: dict[int, list[int]] = {}

    def now(self) -> int:
        """See ``HybridClock``."""
        timestamp = super().now()
        taken = self._takers.get(id(concurrency.current_task()))
        if taken is not None:
            taken.append(timestamp)
        return timestamp

    def note(self, taken: list[int]) -> Any:
        """From here on the running greenlet's timestamps go to that list too."""
        self._takers[id(concurrency.current_task())] = taken

    def end(self) -> None:
        """The greenlet's request is over."""
        self._takers.pop(id(concurrency.current_task()), None)
