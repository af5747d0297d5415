"""Timestamps: hybrid logical clock values in Swift's text form.

Inside the house a timestamp is an ``int``: ten-microsecond units since the
epoch, so comparing is comparing integers and 0 means "never".  On the wire
and in headers it is Swift's ``%016.05f`` text, e.g. ``1700000000.12345``
(zero-padded to 16 characters).

``HybridClock`` follows the wall clock but never repeats a value and never
goes backwards, also after it has seen a larger value from elsewhere (the
logical part of a hybrid logical clock: Kulkarni et al., 2014).
"""

from __future__ import annotations

import time
from functools import lru_cache

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected

UNITS_PER_SECOND = 100_000
# Swift's text has ten digits before the point: timestamps end in the year 2286.
TIMESTAMP_MAX = 10_000_000_000 * UNITS_PER_SECOND - 1
# A peer whose clock is ahead by more than this is not followed: one broken
# clock must not drag the whole cluster's time into the future.
SKEW_FOLLOWED_SECONDS = 300
_UNITS_PER_MINUTE = 60 * UNITS_PER_SECOND
_UNITS_MARK = 100 * UNITS_PER_SECOND


def to_text(timestamp: int) -> str:
    """Swift's text form: ``0000000000.00000`` .. ``9999999999.99999``."""
    seconds, units = divmod(timestamp, UNITS_PER_SECOND)
    return f"{seconds:010d}.{units:05d}"


def to_iso(timestamp: int) -> str:
    """``2014-02-10T22:42:28.123450``, as listings have it."""
    minute, units = divmod(timestamp, _UNITS_PER_MINUTE)
    # A digit in front keeps the zeros: "1" + two digits of seconds + the fraction.
    digits = str(units + _UNITS_MARK)
    return f"{_iso_minute(minute)}{digits[1:3]}.{digits[3:]}0"


@lru_cache(maxsize=4096)
def _iso_minute(minute: int) -> str:
    at = time.gmtime(minute * 60)
    day = f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"
    return f"{day}T{at.tm_hour:02d}:{at.tm_min:02d}:"


def from_text(text: str) -> int:
    """Parse Swift's text form, or any plain decimal number of seconds.

    Raises ``Rejected`` (400) for anything else, negative or out of range.
    """
    whole, _, fraction = text.strip().partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 10):
        raise Rejected(400, "Invalid X-Timestamp header")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise Rejected(400, "Invalid X-Timestamp header")
    return int(whole) * UNITS_PER_SECOND + int(fraction[:5].ljust(5, "0") or "0")


def from_seconds(seconds: float) -> int:
    """Units of the given seconds since the epoch."""
    return int(seconds * UNITS_PER_SECOND)


def to_seconds(timestamp: int) -> float:
    """Seconds since the epoch."""
    return timestamp / UNITS_PER_SECOND


class HybridClock:
    """Hands out strictly increasing timestamps near the wall clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def now(self) -> int:
        """A timestamp larger than every one handed out or observed before."""
        wall = int(self._clock.time() * UNITS_PER_SECOND)
        self._last = wall if wall > self._last else self._last + 1
        return self._last

    def observe(self, timestamp: int) -> None:
        """Take note of a timestamp from elsewhere: later ones exceed it."""
        limit = self._clock.time() + SKEW_FOLLOWED_SECONDS
        if self._last < timestamp <= int(limit * UNITS_PER_SECOND):
            self._last = timestamp
