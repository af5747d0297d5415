"""How the instance room is asked: by whom, how long, and what its refusals mean."""

from __future__ import annotations

import orjson

from compute.core.context import TokenSource
from compute.core.errors import BadRequest, Conflict, NotFound, Stale
from compute.core.rooms.wire import RoomWire
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

# Longer than any of these calls takes by itself, shorter than a job's lease.
CALL_SECONDS = 20.0


def instance_wire(caller: Caller, tokens: TokenSource) -> RoomWire:
    """The room, wherever it is."""
    return RoomWire(caller, tokens, _failure, timeout=CALL_SECONDS)


def _failure(answer: Answer, what: str) -> Exception:
    status = answer.status
    text = answer.read().decode("utf-8", "replace")
    try:
        (fault,) = orjson.loads(text).values()
        text = str(fault["message"])
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    if status == 404:
        return NotFound(text)
    if status == 409:
        return Stale(text) if "no longer" in text else Conflict(text)
    if status == 400:
        return BadRequest(text)
    if 400 <= status < 500 and status not in (401, 408, 429):
        return Rejected(status, text)
    return Unavailable(f"the instance room answered {status}: {text}")
