"""A rate that a background step keeps to without ever sleeping.

A step takes what it has used; while the rate is used up it does nothing and says
``Progress.THROTTLED``, so its loop rests and the requests have the device.
"""

from __future__ import annotations

from objectstore.kernel.clock import Clock

# What may be used at once after a rest: one step is seldom larger.
BURST_SECONDS = 1.0


class Rate:
    """So much a second; 0: no limit."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._paid_until = 0.0

    @property
    def is_used_up(self) -> bool:
        """Whether to wait before using more."""
        return self._paid_until > self._clock.monotonic()

    def take(self, amount: float) -> None:
        """Count so much as used."""
        if self._per_second:
            since = self._clock.monotonic() - BURST_SECONDS
            start = max(self._paid_until, since)
            self._paid_until = start + amount / self._per_second
