"""Periods of the calendar, in UTC: weeks (from Sunday on), months, quarters, halves of
years, years, by the letters that Gnocchi has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from compute.metric.series.moments import SECOND


def _week(day: datetime) -> datetime:
    return day - timedelta(days=day.isoweekday() % 7)


def _months(number: int) -> Callable[[datetime], datetime]:
    def begins(day: datetime) -> datetime:
        month = day.month - (day.month - 1) % number
        return day.replace(month=month, day=1)

    return begins


_BEGINNINGS: Mapping[str, Callable[[datetime], datetime]] = {
    "W": _week,
    "M": _months(1),
    "Q": _months(3),
    "H": _months(6),
    "Y": _months(12),
}
LETTERS = frozenset(_BEGINNINGS)


def begins(letter: str, at: int) -> int:
    """The beginning of the period that a moment lies in."""
    seconds = at // SECOND
    day = datetime.fromtimestamp(seconds - seconds % 86400, UTC)
    found = _BEGINNINGS[letter](day)
    return max(0, int(found.timestamp()) * SECOND)
