"""Moments as the APIs write them.  Inside: seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


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
