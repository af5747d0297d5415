"""A limit on bytes a second, shared by everybody who repairs on one device."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock

# A key costs round trips and a record too, however small it is.
KEY_BYTES_MIN = 4096
# What may be taken at once after a rest.
BURST_SECONDS = 0.5


class Throttle:
    """``take`` waits as long as the bytes taken so far demand."""

    def __init__(
        self,
        bytes_per_second: int,
        clock: Clock,
        sleep: Callable[[float], None] = concurrency.sleep,
    ) -> None:
        """``bytes_per_second`` 0: no limit."""
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._paid_until = 0.0

    def take(self, size: int) -> None:
        """Account for ``size`` bytes, waiting if they come too fast."""
        if not self._rate:
            return
        now = self._clock.monotonic()
        start = max(self._paid_until, now - BURST_SECONDS)
        self._paid_until = start + max(size, KEY_BYTES_MIN) / self._rate
        if self._paid_until > now:
            self._sleep(self._paid_until - now)
