"""Figures, times and states as people read them.  Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEPS = (
    (60, 1, "second"),
    (3600, 60, "minute"),
    (86400, 3600, "hour"),
    (86400 * 30, 86400, "day"),
    (86400 * 365, 86400 * 30, "month"),
    (math.inf, 86400 * 365, "year"),
)
JUST_NOW_SECONDS = 5

GOOD, BUSY, BAD, WARN, IDLE = "good", "busy", "bad", "warn", "idle"
_TONES = {
    GOOD: "ACTIVE AVAILABLE IN-USE UP ONLINE ENABLED COMPLETE OK ACCEPTED RUNNING",
    BAD: "ERROR DEAD FAILED DOWN KILLED UNKNOWN OFFLINE ROLLBACK_FAILED NOSTATE"
    " CRASHED",
    WARN: "VERIFY_RESIZE PAUSED RESCUE DEGRADED SUSPENDED ROLLBACK_COMPLETE"
    " SOFT_DELETED DEACTIVATED NO_MONITOR DRAINING",
    IDLE: "SHUTOFF SHELVED SHELVED_OFFLOADED DISABLED DELETED NONE N/A",
    BUSY: "BUILD REBUILD RESIZE REBOOT HARD_REBOOT MIGRATING REVERT_RESIZE QUEUED"
    " SAVING IMPORTING UPLOADING CREATING DELETING ATTACHING DETACHING EXTENDING"
    " DOWNLOADING BACKING-UP RESTORING RESTORING-BACKUP RETYPING RESERVED MAINTENANCE"
    " AWAITING-TRANSFER",
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words.split()}


def tone_of(status: str) -> str:
    """Which colour a status has: good, busy, bad, warn or idle."""
    word = status.upper()
    if word in _TONE_OF:
        return _TONE_OF[word]
    if "IN_PROGRESS" in word or word.startswith("PENDING_"):
        return BUSY
    if "FAILED" in word or "ERROR" in word:
        return BAD
    if word.endswith("_COMPLETE"):
        return GOOD
    return IDLE


def words_of(status: str) -> str:
    """A status in small letters: ``SHELVED_OFFLOADED`` is "shelved offloaded"."""
    return status.replace("_", " ").replace("-", " ").strip().lower()


def size(count: float | None) -> str:
    """Bytes with the unit that leaves one to four digits."""
    if count is None:
        return "–"  # noqa: RUF001
    value = float(count)
    for unit in _BINARY:
        if abs(value) < 1024 or unit == _BINARY[-1]:
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"


def number(value: float | None) -> str:
    """With thin spaces between thousands."""
    if value is None:
        return "–"  # noqa: RUF001
    return f"{value:,}".replace(",", "\u2009")


def counted(count: int, one: str, many: str = "") -> str:
    """``1 server``, ``2 servers``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def moment_of(text: str) -> datetime | None:
    """The time in an API's document; None when it is none."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, AttributeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ago(then: datetime, now: float) -> str:
    """``3 minutes ago``, ``in 2 days``."""
    seconds = now - then.timestamp()
    distance = abs(seconds)
    if distance < JUST_NOW_SECONDS:
        return "just now"
    text = ""
    for limit, unit, word in _STEPS:
        if distance < limit:
            text = counted(int(distance // unit), word)
            break
    return f"{text} ago" if seconds > 0 else f"in {text}"


def exact(then: datetime) -> str:
    """The moment in full, in UTC."""
    return then.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def shortened(text: str, characters_max: int = 120) -> str:
    """The begin of a long text."""
    return (
        text if len(text) <= characters_max else text[: characters_max - 1] + "\u2026"
    )
