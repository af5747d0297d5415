"""Moments as the APIs write them.  Inside: seconds since the epoch."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_FINEST_SECONDS = 1e-6


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

    Raises ``ValueError``.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def end_of_second(moment: float) -> float:
    """The last moment that is shown as this one is, in whole seconds: whoever asks for
    changes until the time of a change, as it was shown, means that change, too."""
    return math.floor(moment) + 1 - _FINEST_SECONDS
