"""When something that is made now shall end, as its maker wrote it."""

from __future__ import annotations

from compute.core.errors import BadRequest
from compute.core.instants import parse_iso


def expiry(text: str | None, now: float) -> float | None:
    """The moment of ``expires_at``; None: never.  ``BadRequest`` when it is no time,
    or past already."""
    if not text:
        return None
    try:
        moment = parse_iso(text)
    except ValueError:
        raise BadRequest(f"expires_at: {text!r} is not an ISO 8601 time") from None
    if moment <= now:
        raise BadRequest("expires_at must be in the future")
    return moment
