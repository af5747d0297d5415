"""Timestamps as headers show them.

``Last-Modified`` has whole seconds, rounded up, so that a client that sends it
back as If-Unmodified-Since never loses to the fraction it was not told.
"""

from __future__ import annotations

import time
from functools import lru_cache

from objectstore.kernel.timestamps import UNITS_PER_SECOND

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPRING = ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
_AUTUMN = ("Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = (*_SPRING, *_AUTUMN)


def whole_seconds(timestamp: int) -> int:
    """Seconds since the epoch, rounded up."""
    return -(-timestamp // UNITS_PER_SECOND)


def http_date(timestamp: int) -> str:
    """``Sun, 06 Nov 1994 08:49:37 GMT``, the second rounded up."""
    return _http_date(-(-timestamp // UNITS_PER_SECOND))


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    # English names whatever the locale, which strftime would not promise.
    at = time.gmtime(seconds)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} "
        f"{at.tm_year:04d} {at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} GMT"
    )
