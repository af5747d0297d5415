"""The clock port: the only place that asks the machine what time it is.

Everything that needs time takes a ``Clock`` in its constructor, so tests and
the simulation run on a clock of their own.
"""

from __future__ import annotations

import time as machine
from typing import Protocol


class Clock(Protocol):
    """Wall time for people and timestamps, monotonic time for durations."""

    def time(self) -> float:
        """Seconds since the epoch; may step when the machine's clock is set."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes backwards."""


class SystemClock:
    """The machine's own clock.  Asked two dozen times for each write, so its methods
    are the interpreter's own functions."""

    time = staticmethod(machine.time)
    monotonic = staticmethod(machine.monotonic)
