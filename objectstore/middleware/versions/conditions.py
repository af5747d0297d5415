"""A client's conditions on what is current, where versions are kept.

They are judged by the link's own PUT or DELETE; here is what can be said before.
"""

from __future__ import annotations

from objectstore.kernel.conditions import etag_matches, unquoted
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Request
from objectstore.middleware.versions.link import LINK_ETAG


def check_conditions(request: Request, current: Reply | None) -> None:
    """Rejected 412 early: the link's PUT decides, but the upload would be in vain."""
    if_match = request.header("If-Match")
    if current is None:
        if if_match:
            raise Rejected(412)
        return
    if request.header("If-None-Match").strip() == "*":
        raise Rejected(412)
    etag = current.header(LINK_ETAG) or unquoted(current.header("Etag"))
    if if_match and not etag_matches(if_match, etag, weak=False):
        raise Rejected(412)


def deletion_guard(request: Request, current: Reply | None) -> dict[str, str]:
    """The conditions of a DELETE; Rejected 412 where nothing can satisfy them."""
    guard = {
        name: request.header(name)
        for name in ("If-Match", "If-Unmodified-Since")
        if request.has_header(name)
    }
    if "If-Match" in guard:
        if current is None:
            raise Rejected(412)
        etag = current.header(LINK_ETAG) or unquoted(current.header("Etag"))
        if not etag_matches(guard["If-Match"], etag, weak=False):
            raise Rejected(412)
    return guard
