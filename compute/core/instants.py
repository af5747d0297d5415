"""Moments as the APIs write them.  Inside: seconds since the epoch."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_FINEST_SECONDS = 1e-6
# The last moment of the year 9999 that can be shown again: a little before its last
# microsecond, which is nearer to the next year where seconds are floating.
_LAST = 253402300799.9999


def iso_z(seconds: float) -> str:
    """``2026-11-21T10:00:00Z``: Nova, Glance, Neutron."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_micro_z(seconds: float) -> str:
    """``2026-11-21T10:00:00.000000Z``: Keystone's tokens."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_micro(seconds: float) -> str:
    """``2026-11-21T10:00:00.000000``: Nova where it forgot the zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def parse_iso(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 moment; without a zone it is UTC.

    Raises ``ValueError``, also for one that in UTC is in no year from 1 to 9999: it
    could not be shown again.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return min(moment.astimezone(UTC).timestamp(), _LAST)
    except OverflowError:
        raise ValueError(f"{text} is in no year from 1 to 9999") from None


def end_of_second(moment: float) -> float:
    """The last moment that is shown as this one is, in whole seconds: whoever asks for
    changes until the time of a change, as it was shown, means that change, too."""
    return math.floor(moment) + 1 - _FINEST_SECONDS
