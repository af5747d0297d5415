"""Lists in pages, by an offset and a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from compute.core.api.frame import ApiCall
from compute.core.sql.database import Connection

PAGE_USUAL = 10
PAGE_MAX = 100
# Who counts that far does not look at pages.
OFFSET_MAX = 2**31


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted; ``marker``: what comes after the thing of that id
    (openstacksdk asks so when a list has ended, to be sure)."""

    offset: int
    limit: int
    marker: str = ""

    def of(self, connection: Connection, select: sa.Select[Any]) -> sa.Select[Any]:
        """The rows of it."""
        offset = self.offset
        if self.marker:
            ids = select.with_only_columns(select.selected_columns["id"])
            before = list(connection.execute(ids).scalars())
            known = self.marker in before
            offset += before.index(self.marker) + 1 if known else len(before)
        return select.offset(offset).limit(self.limit)


def page_of(call: ApiCall) -> Page:
    """What the query asks for.  ``BadRequest``."""
    offset = min(call.query.number("offset", 0), OFFSET_MAX)
    # A page of nothing would lead to itself for ever.
    limit = min(call.query.number("limit", 0) or PAGE_USUAL, PAGE_MAX)
    # As an id, or as a reference.
    marker = call.query.one("marker").rstrip("/").rpartition("/")[2]
    return Page(offset, limit, marker)


def paged(call: ApiCall, name: str, shown: Sequence[Any], total: int) -> dict[str, Any]:
    """A list's document, with the places of the pages beside it."""
    page = page_of(call)
    found: dict[str, Any] = {name: list(shown), "total": total}
    if page.marker:
        return found
    if page.offset + page.limit < total:
        found["next"] = _place(call, page.offset + page.limit, page.limit)
    if page.offset > 0:
        found["previous"] = _place(call, max(0, page.offset - page.limit), page.limit)
    return found


def _place(call: ApiCall, offset: int, limit: int) -> str:
    kept = [it for it in call.query.pairs if it[0] not in ("offset", "limit")]
    query = urlencode([*kept, ("limit", limit), ("offset", offset)])
    return f"{call.url}?{query}"
