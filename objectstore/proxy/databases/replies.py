"""What replies about accounts and about containers have in common."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import HeaderList, Reply, no_content, text_reply
from objectstore.kernel.request import Request
from objectstore.proxy.protocol.headers import OWNERS_ONLY, may_see_all
from objectstore.proxy.rounds.asked import Asked
from objectstore.wire.records import DatabaseInfo, Receipt

Timed = dict[str, tuple[str, int]]


def listing_reply(body: bytes, headers: HeaderList, content_type: str) -> Reply:
    """200 with the listing; 204 when there is nothing to show (in text)."""
    if not body:
        headers.append(("Content-Type", content_type))
        return Reply(204, (), headers)
    return Reply(200, body, headers, content_type)


def shown_metadata(request: Request, info: DatabaseInfo) -> HeaderList:
    """The metadata as headers, without what only owners see for others."""
    if may_see_all(request.context):
        return list(info.metadata.items())
    return [item for item in info.metadata.items() if item[0] not in OWNERS_ONLY]


def timed_items(changes: dict[str, str], timestamp: int) -> Timed:
    """Metadata changes with the time of the change."""
    return {name: (value, timestamp) for name, value in changes.items()}


def found_reply(asked: Asked[Any, Receipt], needed: int) -> Reply:
    """204 when enough replicas have it, 404 when all say that there is none: some may
    have been away when it was made."""
    receipts = [promise.value for _, promise in asked if promise.value is not None]
    found = sum(receipt.found for receipt in receipts)
    if found >= needed:
        return no_content()
    if not found and len(receipts) >= needed:
        return text_reply(404)
    raise Unavailable("too few replicas hold the database")


def put_reply(*, is_new: bool, headers: HeaderList | None = None) -> Reply:
    """201 when it was created, 202 when there was one to update."""
    if is_new:
        return Reply(201, b"", headers, "text/html; charset=UTF-8")
    return text_reply(202, "", headers)
