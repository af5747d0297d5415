"""Long lists in pages: which rows, and the link to the next page.

A page is a limit, a marker (the id of the last item already seen) and an order.
The store turns the marker's row into the place to go on from, so pages stay
right while things come and go: nothing is skipped, nothing comes twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from compute.core.api.query import Query
from compute.core.errors import BadRequest

PAGE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is wanted; ``sort`` is (key, descending), most
    significant first."""

    limit: int = PAGE_MAX
    marker: str = ""
    sort: tuple[tuple[str, bool], ...] = ()
    reverse: bool = False


def parse_page(
    query: Query,
    *,
    sortable: frozenset[str] | set[str],
    default_sort: tuple[tuple[str, bool], ...],
    page_max: int = PAGE_MAX,
) -> Page:
    """From ``limit``, ``marker``, ``sort_key``/``sort_dir`` (repeated, Nova, Neutron
    and Glance) or ``sort=key:dir,key`` (Glance).  Raises ``BadRequest``."""
    limit = min(query.number("limit", page_max), page_max)
    keys = query.all("sort_key")
    directions = query.all("sort_dir")
    for part in filter(None, query.one("sort").split(",")):
        key, _, direction = part.partition(":")
        keys.append(key.strip())
        directions.append(direction.strip() or "desc")
    if len(directions) > max(len(keys), 1):
        raise BadRequest("There are more sort directions than sort keys")
    sort = []
    for number, key in enumerate(keys):
        if key not in sortable:
            raise BadRequest(f"{key} is not a valid sort key")
        direction = directions[number] if number < len(directions) else ""
        sort.append((key, _is_descending(direction or "asc")))
    if not keys and directions:
        sort = [(key, _is_descending(directions[0])) for key, _ in default_sort]
    return Page(
        limit,
        query.one("marker"),
        tuple(sort) or default_sort,
        query.flag("page_reverse"),
    )


def _is_descending(direction: str) -> bool:
    if direction.lower() not in ("asc", "desc"):
        raise BadRequest(f"{direction} is not a sort direction: asc or desc")
    return direction.lower() == "desc"


def paginate(
    select: sa.Select[Any],
    order: Sequence[tuple[sa.ColumnElement[Any], bool]],
    after: Sequence[Any] | None,
    limit: int,
) -> sa.Select[Any]:
    """Order ``select`` by (column, descending) and keep ``limit`` rows that come
    strictly after the values ``after`` of those columns.

    The last column must be unique (the id).  NULLs come first, whatever the
    database thinks.
    """
    for column, descending in order:
        nulls = column.is_(None)
        select = select.order_by(
            nulls.asc() if descending else nulls.desc(),
            column.desc() if descending else column.asc(),
        )
    if after is not None:
        alternatives = []
        for position, (column, descending) in enumerate(order):
            equal = [
                _same(before, after[index])
                for index, (before, _) in enumerate(order[:position])
            ]
            alternatives.append(
                sa.and_(*equal, _beyond(column, after[position], descending))
            )
        select = select.where(sa.or_(*alternatives))
    return select.limit(limit)


def _same(column: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[bool]:
    same: sa.ColumnElement[bool] = column.is_not_distinct_from(value)
    return same


def _beyond(
    column: sa.ColumnElement[Any], value: Any, descending: bool
) -> sa.ColumnElement[bool]:
    """Ascending: NULL, then small to large; descending: large to small, then NULL."""
    if value is None:
        return sa.false() if descending else column.is_not(None)
    if isinstance(value, bool):
        # SQLAlchemy compares columns with a bare True for equality only.
        value = sa.literal(value)
    if descending:
        return sa.or_(column < value, column.is_(None))
    return sa.and_(column > value)


def next_link(base_url: str, query: Query, marker: str) -> str:
    """The URL of the page that follows ``marker``."""
    pairs = [pair for pair in query.pairs if pair[0] != "marker"]
    return f"{base_url}?{urlencode([*pairs, ('marker', marker)])}"
