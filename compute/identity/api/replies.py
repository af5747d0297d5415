"""Replies of the identity API: one thing, or a list, with links to itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from compute.core.api.frame import ApiCall, json_reply
from compute.core.api.pagination import Page, next_link, parse_page
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from objectstore.kernel.reply import HeaderList, Reply

R = TypeVar("R")
Document = dict[str, Any]

# More than any page of ours; a caller who wants fewer says ``limit``.
LIST_MAX = 10_000


def link(call: ApiCall, path: str) -> str:
    """The URL of something of the API."""
    return f"{call.base_url}/v3/{path}"


def linked(call: ApiCall, path: str, document: Document) -> Document:
    """The document with the link to itself."""
    return {**document, "links": {"self": link(call, path)}}


def one(
    status: int, name: str, document: Document, headers: HeaderList | None = None
) -> Reply:
    """``{"user": {...}}``."""
    return json_reply(status, {name: document}, headers)


def many(
    call: ApiCall,
    name: str,
    documents: Sequence[Document],
    following: str | None = None,
) -> Reply:
    """``{"users": [...], "links": {...}}``."""
    query = call.request.environ.get("QUERY_STRING", "")
    links = {
        "self": f"{call.url}?{query}" if query else call.url,
        "previous": None,
        "next": following,
    }
    return json_reply(200, {name: list(documents), "links": links})


def short(call: ApiCall, name: str, documents: Sequence[Document]) -> Reply:
    """A list that is read whole, and cut here when ``limit`` or ``marker`` ask for a
    part of it: a client that goes on until a page is empty would never end.
    ``BadRequest`` for a marker that is not in it."""
    page = page_of(call)
    rest = list(documents)
    if page.marker:
        places = [place for place, item in enumerate(rest) if item["id"] == page.marker]
        if not places:
            raise BadRequest(f"marker {page.marker[:255]} could not be found")
        rest = rest[places[0] + 1 :]
    shown = rest[: page.limit] if "limit" in call.query else rest
    following = None
    if len(shown) < len(rest) and shown:
        following = next_link(call.url, call.query, shown[-1]["id"])
    return many(call, name, shown, following)


def page_of(call: ApiCall, sortable: Sequence[str] = ("id", "name")) -> Page:
    """What page is asked for; all (up to ``LIST_MAX``) when none is."""
    return parse_page(
        call.query, sortable=set(sortable), default_sort=(), page_max=LIST_MAX
    )


def paged(
    call: ApiCall,
    name: str,
    page: Page,
    records: Sequence[R],
    show: Callable[[R], Document],
) -> Reply:
    """A page of records, with the link to the next when there may be one."""
    documents = [show(record) for record in records]
    following = None
    if len(documents) >= page.limit > 0:
        following = next_link(call.url, call.query, documents[-1]["id"])
    return many(call, name, documents, following)


def own_domain(call: ApiCall) -> str:
    """Where things go whose domain was not named: the caller's."""
    context = call.context
    return context.domain_id or context.project_domain_id or context.user_domain_id


def changes_of(call: ApiCall, schema: Schema, name: str, identifier: str) -> Document:
    """What a body wants changed.  ``BadRequest`` when it is about something else: ids
    never change."""
    wanted: Document = call.json(schema)[name]
    if wanted.get("id", identifier) != identifier:
        raise BadRequest(f"Cannot change {name} ID")
    return wanted


def without(body: Mapping[str, Any], known: Sequence[str]) -> Document:
    """What of a body is the caller's own: everything that the API does not know."""
    return {
        name: value
        for name, value in body.items()
        if name not in known and name not in ("id", "links")
    }
