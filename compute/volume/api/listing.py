"""Lists in pages: which rows somebody asks for, and the link to the rest."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import Page, next_link, parse_page
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.volume.api.frame import minor_of, ok
from compute.volume.parts import Parts
from compute.volume.stores.rows import OWNER, Rows, Wanted
from objectstore.kernel.reply import Reply

LIKE_SINCE, COUNT_SINCE, STRICT_SINCE, MOMENTS_SINCE = 34, 45, 31, 60
OFFSET_MAX = 2**31 - 1
_DEFAULT_SORT = (("created_at", True),)
_MOMENTS = frozenset({"created_at", "updated_at"})
_PAGING = frozenset(
    {
        "limit",
        "marker",
        "offset",
        "sort",
        "sort_key",
        "sort_dir",
        "all_tenants",
        "all_projects",
        "with_count",
        "list_volume",
    }
)
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "eq": lambda column, value: column == value,
    "neq": lambda column, value: column != value,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind of list.  ``filters``: the API's names and their columns; ``labels``:
    those that name JSON columns; ``rule``: who may list; ``collection``: its key."""

    collection: str
    rule: str
    filters: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    sortable: Mapping[str, str] = field(
        default_factory=lambda: {"created_at": "created_at", "id": "id"}
    )


class Lists:
    """Answers lists."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def answer(
        self,
        call: ApiCall,
        rows: Rows[Any],
        listed: Listed,
        show: Callable[[list[Any]], list[dict[str, Any]]],
        where: Iterable[sa.ColumnElement[bool]] = (),
        *,
        is_owned: bool = True,
    ) -> Reply:
        """One page, with ``COLLECTION_links`` when there may be more.  ``is_owned``:
        whose, is as usual; otherwise ``where`` has to say it."""
        self._parts.enforce(call.context, listed.rule)
        wanted = self.wanted(call, rows, listed, where)
        if not is_owned:
            equal = {k: v for k, v in wanted.equal.items() if k != OWNER}
            wanted = replace(wanted, equal=equal)
        page, offset = _page(call, listed)

        def look(connection: Any) -> tuple[list[Any], int]:
            found = rows.page(connection, wanted, page, offset)
            wants_count = minor_of(call) >= COUNT_SINCE and call.query.flag(
                "with_count"
            )
            return found, rows.count(connection, wanted) if wants_count else -1

        found, count = self._parts.database.read(look)
        body: dict[str, Any] = {listed.collection: show(found)}
        if found and len(found) == page.limit:
            href = next_link(call.url, call.query, found[-1].id)
            body[f"{listed.collection}_links"] = [{"rel": "next", "href": href}]
        if count >= 0:
            body["count"] = count
        return ok(body)

    def wanted(
        self,
        call: ApiCall,
        rows: Rows[Any],
        listed: Listed,
        where: Iterable[sa.ColumnElement[bool]] = (),
    ) -> Wanted:
        """What the query asks for, as far as the caller may see it."""
        equal: dict[str, Any] = {}
        like: dict[str, str] = {}
        labels: dict[str, Mapping[str, str]] = {}
        conditions = list(where)
        minor = minor_of(call)
        for name, value in call.query.pairs:
            if name in listed.labels:
                labels[listed.labels[name]] = _pairs(name, value)
            elif name in listed.filters:
                equal[listed.filters[name]] = _typed(rows, listed.filters[name], value)
            elif name.endswith("~") and name[:-1] in listed.filters:
                if minor < LIKE_SINCE:
                    continue
                like[listed.filters[name[:-1]]] = value
            elif name in _MOMENTS and minor >= MOMENTS_SINCE:
                conditions += _moments(rows.table.c[name], name, value)
            elif minor >= STRICT_SINCE and name not in _PAGING | {"project_id"}:
                raise BadRequest(f"Invalid filters {name} are found in query options.")
        equal |= self._owner(call, listed)
        return Wanted(equal, like, conditions, labels)

    def _owner(self, call: ApiCall, listed: Listed) -> dict[str, str]:
        """Whose things: one's own, or for administrators everybody's."""
        context, query = call.context, call.query
        everybody = query.flag("all_tenants") or query.flag("all_projects")
        if everybody and self._parts.allows(context, "volume:get_all_tenants"):
            project = query.one("project_id")
            return {"project_id": project} if project else {}
        return {"project_id": context.project_id}


def _page(call: ApiCall, listed: Listed) -> tuple[Page, int]:
    page = parse_page(
        call.query, sortable=set(listed.sortable), default_sort=_DEFAULT_SORT
    )
    sort = tuple((listed.sortable.get(key, key), down) for key, down in page.sort)
    offset = call.query.number("offset", 0)
    if offset > OFFSET_MAX:
        raise BadRequest("offset param is too large")
    return Page(page.limit, page.marker, sort), offset


def _typed(rows: Rows[Any], column: str, value: str) -> Any:
    kind = rows.table.c[column].type
    if isinstance(kind, sa.Boolean):
        if value.lower() not in ("true", "false", "1", "0"):
            raise BadRequest(f"{column} must be true or false, not {value!r}")
        return value.lower() in ("true", "1")
    if isinstance(kind, sa.Integer):
        if not (value.isascii() and value.isdigit()) or len(value) > 9:
            raise BadRequest(f"{column} must be a whole number, not {value!r}")
        return int(value)
    return value


def _pairs(name: str, value: str) -> dict[str, str]:
    """Clients of the field send a dictionary as Python writes it."""
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest(f"{name} must be a dictionary, not {value[:100]!r}")
    return {str(key): str(each) for key, each in found.items()}


def _moments(
    column: sa.ColumnElement[Any], name: str, value: str
) -> list[sa.ColumnElement[bool]]:
    found = []
    for part in value.split(","):
        comparison, colon, text = part.partition(":")
        if not colon or comparison not in _COMPARED:
            comparison, text = "eq", part
        try:
            moment = parse_iso(text)
        except ValueError:
            raise BadRequest(f"{name}: {text!r} is no moment") from None
        # Callers know moments by the microsecond at best.
        compared: sa.ColumnElement[bool] = _COMPARED[comparison](column, moment)
        found.append(compared)
    return found
