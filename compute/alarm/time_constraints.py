"""When an alarm is looked at: from each start (cron) for so many seconds.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

CRON_CHARACTERS_MAX = 100
# A cron expression's five fields: numbers, names of months and days, lists, steps.
_CRON = re.compile(r"[0-9A-Za-z*,/\-]+(?: +[0-9A-Za-z*,/\-]+){4}")
# "R" and "H" are croniter's own: chance, and the hash of a name.
_OWN = re.compile(r"[RHrh](?![A-Za-z])")
# The 29th of February comes after eight years at most; the 30th never.
YEARS_MAX = 9
# A week and a half of seconds would hold all year; a year does for any.
DURATION_MAX = 366 * 86400


def check_start(text: str) -> None:
    """``ValueError`` for what is no cron expression, or never comes."""
    if len(text) > CRON_CHARACTERS_MAX or not _CRON.fullmatch(text.strip()):
        raise ValueError("start is a cron expression of five fields")
    if _OWN.search(text):
        raise ValueError("start is a cron expression without R and H")
    try:
        _before(text, datetime(2024, 3, 1))
    except (CroniterError, ValueError, KeyError):
        raise ValueError("start is a cron expression that comes true") from None


def zone_of(name: str) -> ZoneInfo:
    """The time zone, UTC for ""; ``ValueError``."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"Timezone {name[:100]} is not valid") from None


def allow(constraints: Sequence[Mapping[str, Any]], now: float) -> bool:
    """Whether one of them holds now, or there is none."""
    return not constraints or any(_holds(each, now) for each in constraints)


def _holds(constraint: Mapping[str, Any], now: float) -> bool:
    """Wall time of the zone throughout: nine in the morning is nine in the morning
    on the days when clocks change, too."""
    zone = zone_of(constraint["timezone"])
    here = datetime.fromtimestamp(now, zone).replace(tzinfo=None)
    # A start of this very second counts.
    start = _before(constraint["start"], here + timedelta(seconds=1))
    return here < start + timedelta(seconds=int(constraint["duration"]))


def _before(text: str, moment: datetime) -> datetime:
    iterator = croniter(text.strip(), moment, max_years_between_matches=YEARS_MAX)
    found: datetime = iterator.get_prev(datetime)
    return found
