"""How long must this request wait, so that the rate is kept?  Pure but for the clock.

``SizeRates``: a rate that depends on how many objects a container has.
``Pace``: for every key the time at which its next request is due.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.kernel.clock import Clock

# Keys whose time has come are forgotten when there are more than this.
KEYS_MAX = 10_000


class SizeRates:
    """Rates at sizes, straight lines between, the last one for all larger."""

    def __init__(self, pairs: Iterable[tuple[int, float]]) -> None:
        self._pairs = sorted(pairs)

    def pairs(self) -> list[tuple[int, float]]:
        """(size, rate), by size."""
        return list(self._pairs)

    def at(self, size: int) -> float:
        """The rate for that many objects; 0 (no limit) below the first size."""
        rate = 0.0
        before: tuple[int, float] | None = None
        for pair in self._pairs:
            if size < pair[0]:
                if before is not None:
                    share = (size - before[0]) / (pair[0] - before[0])
                    rate = before[1] + share * (pair[1] - before[1])
                return rate
            before, rate = pair, pair[1]
        return rate


class Pace:
    """Due times of keys."""

    def __init__(
        self, clock: Clock, longest_wait: float, idle_seconds_counted: float
    ) -> None:
        self._clock = clock
        self._longest_wait = longest_wait
        self._counted = idle_seconds_counted
        self._due: dict[str, float] = {}

    def wait_for(self, key: str, rate: float) -> float | None:
        """Seconds that this request must wait; None: too long, it is not counted."""
        now = self._clock.monotonic()
        # Idle time up to a bound is credit: so many requests may come at once.
        due = max(self._due.get(key, now), now - self._counted)
        wait = max(0.0, due - now)
        if wait >= self._longest_wait:
            return None
        if len(self._due) >= KEYS_MAX and key not in self._due:
            self._due = {k: t for k, t in self._due.items() if t > now}
        self._due[key] = due + 1.0 / rate
        return wait
