"""Moments and durations: nanoseconds inside, Gnocchi's many forms outside.

Whole nanoseconds make every period exact: a float of seconds would put a measure that
lies on the edge of a period sometimes before it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

SECOND = 1_000_000_000
# From 1970 to 2200: within 64 bits of nanoseconds, and datetime can show it.
LATEST = 7_258_118_400 * SECOND
DURATION_MAX = LATEST
TEXT_CHARACTERS_MAX = 64

_UNITS = {
    "ns": 1,
    "us": 1000,
    "ms": 1_000_000,
    "s": SECOND,
    "sec": SECOND,
    "second": SECOND,
    "m": 60 * SECOND,
    "min": 60 * SECOND,
    "minute": 60 * SECOND,
    "h": 3600 * SECOND,
    "hour": 3600 * SECOND,
    "d": 86400 * SECOND,
    "day": 86400 * SECOND,
    "w": 7 * 86400 * SECOND,
    "week": 7 * 86400 * SECOND,
}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?\Z", re.ASCII | re.IGNORECASE)
_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)\Z", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(\d+) days?,? )?(\d+):([0-5]\d):([0-5]\d)(\.\d{1,9})?\Z", re.ASCII
)


class NotPositive(ValueError):
    """A duration of nothing, or of less."""


def moment(value: Any, now: int) -> int:
    """A moment: seconds since the epoch, ISO 8601 (without a zone: UTC), ``now``, or an
    amount before or after now (``-5 minutes``).  ``ValueError``."""
    found = _moment(value, now)
    if found < 0:
        raise ValueError("Timestamp must be after Epoch")
    if found > LATEST:
        raise ValueError(f"{_shown(value)} is not before 2200")
    return found


def _moment(value: Any, now: int) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _nanoseconds(value)
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX:
        raise ValueError(f"{_shown(value)} is not a moment")
    text = value.strip()
    if text.lower() == "now":
        return now
    if _NUMBER.match(text):
        return _nanoseconds(float(text))
    amount = _amount(text)
    if amount is not None:
        return now + amount
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{_shown(value)} is not a moment") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * SECOND + since.microseconds * 1000


def duration(value: Any) -> int:
    """A duration of more than nothing: seconds, ``H:MM:SS`` (perhaps after ``N days,``)
    or an amount with its unit.  ``ValueError``."""
    found = _duration(value)
    if found is None or found > DURATION_MAX:
        raise ValueError(f"{_shown(value)} is not a duration")
    if found <= 0:
        raise NotPositive(f"{_shown(value)} is not more than nothing")
    return found


def _duration(value: Any) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _nanoseconds(value)
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX:
        return None
    text = value.strip()
    if _NUMBER.match(text):
        return _nanoseconds(float(text))
    clock = _CLOCK.match(text)
    if clock is None:
        return _amount(text)
    days, hours, minutes, seconds, fraction = clock.groups()
    whole = (int(days or 0) * 24 + int(hours)) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * SECOND + round(float(fraction or 0) * SECOND)


def iso(at: int) -> str:
    """As Gnocchi writes it: ``2026-11-22T10:00:00+00:00``."""
    seconds, rest = divmod(at, SECOND)
    found = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    return found.isoformat()


def clock_text(length: int) -> str:
    """A duration as Gnocchi writes it: ``0:05:00``, ``30 days, 0:00:00``."""
    return str(timedelta(microseconds=length // 1000))


def seconds(length: int) -> float:
    """A duration as a number of seconds."""
    return length / SECOND


def _amount(text: str) -> int | None:
    found = _AMOUNT.match(text)
    if found is None:
        return None
    word = found[2].lower()
    unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    return None if unit is None else round(float(found[1]) * unit)


def _nanoseconds(value: float) -> int:
    if isinstance(value, int):
        return value * SECOND
    if not math.isfinite(value):
        raise ValueError("a moment must be finite")
    whole = math.floor(value)
    # A float of today's seconds is exact to a fraction of a microsecond only.
    return whole * SECOND + round((value - whole) * 1_000_000) * 1000


def _shown(value: Any) -> str:
    return repr(value)[:TEXT_CHARACTERS_MAX]
