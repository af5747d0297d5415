"""When an object ends: X-Delete-At and X-Delete-After, and what has expired.

An expired object is gone for every reader at once; the expirer removes its
bytes and its row some time later.
"""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.wire.records import ObjectState

# Swift's text form of a time has ten digits before the point.
SECONDS_MAX = 9_999_999_999
# Longer numbers are not read, only their sign.
DIGITS_MAX = 20


def requested_expiry(request: Request, now_seconds: float) -> int:
    """Seconds since the epoch at which the object shall end; 0: never.

    X-Delete-After counts from now and wins over X-Delete-At.  Rejected 400
    when a value is no integer or not in the future.
    """
    environ = request.environ
    if "HTTP_X_DELETE_AFTER" in environ:
        name, base = "X-Delete-After", int(now_seconds)
    elif "HTTP_X_DELETE_AT" in environ:
        name, base = "X-Delete-At", 0
    else:
        return 0
    at = base + _integer(request.header(name).strip(), name)
    if at <= now_seconds:
        raise Rejected(400, f"{name} in past")
    return min(at, SECONDS_MAX)


def _integer(text: str, name: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise Rejected(400, f"Non-integer {name}")
    if len(digits) > DIGITS_MAX:
        # Further than any clock: nothing is added to it that would bring it back.
        return -SECONDS_MAX if text[0] == "-" else SECONDS_MAX
    return int(text)


def has_expired(state: ObjectState, now_seconds: float) -> bool:
    """Whether the object's time is over."""
    return 0 < state.delete_at <= now_seconds
