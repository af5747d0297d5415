"""Conditions on objects that are encrypted: clients name plain ETags."""

from __future__ import annotations

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.request import Request
from objectstore.middleware.crypto.keys import Keys
from objectstore.middleware.crypto.stored import ETAG_MAC

_CONDITIONS = ("If-Match", "If-None-Match")
# More ETags in one header than any client sends.
ETAGS_MAX = 100


def widen_conditions(request: Request, keys: Keys, path: tuple[str, ...]) -> None:
    """Let conditions name what is stored too: the ETags' MACs under each key that the
    object may be encrypted with."""
    named = [name for name in _CONDITIONS if request.has_header(name)]
    if not named:
        return
    known = keys.all(*path)
    for name in named:
        etags = request.header(name).split(",", ETAGS_MAX)
        macs = [
            f'"{key.mac(unquoted(etag.strip().removeprefix("W/")))}"'
            for key in known
            for etag in etags
            if etag.strip() != "*"
        ]
        request.set_header(name, ", ".join([*etags, *macs]))
    context = request.context
    if ETAG_MAC not in context.etag_is_at:
        context.etag_is_at = (*context.etag_is_at, ETAG_MAC)
