"""How often a sign-in may fail from one address."""

from __future__ import annotations

from collections import OrderedDict

from objectstore.kernel.clock import Clock

WINDOW_SECONDS = 60.0
ADDRESSES_MAX = 10_000


class Throttle:
    """Counts failures by address, of the current minute, in this process."""

    def __init__(self, failures_max: int, clock: Clock) -> None:
        """``failures_max`` 0: any number."""
        self._max = failures_max
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_seconds(self, address: str) -> int:
        """How long until the next try; 0: now."""
        since, count = self._failures.get(address, (0.0, 0))
        left = since + WINDOW_SECONDS - self._clock.time()
        if not self._max or count < self._max or left <= 0:
            return 0
        return int(left) + 1

    def tried(self, address: str) -> None:
        """One more: a failure until ``forgive``, so that tries at the same time
        count too."""
        now = self._clock.time()
        since, count = self._failures.pop(address, (now, 0))
        if now - since >= WINDOW_SECONDS:
            since, count = now, 0
        self._failures[address] = (since, count + 1)
        while len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)

    def forgive(self, address: str) -> None:
        """It was none."""
        since, count = self._failures.get(address, (0.0, 0))
        if count:
            self._failures[address] = (since, count - 1)
