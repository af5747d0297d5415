"""The list of images that a caller may see, filtered and in pages: SQL only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.image import store
from compute.image.filters import ALL, Filters
from compute.image.model import COMMUNITY, PUBLIC, SHARED, Image
from compute.image.tables import images, members, properties, tags

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


def find(
    connection: Connection,
    filters: Filters,
    page: Page,
    *,
    project_id: str,
    sees_all: bool,
) -> list[Image]:
    """One page.  ``sees_all``: the caller is an administrator."""
    if filters.nothing:
        return []
    select = images.select().where(
        images.c.deleted_at == 0.0,
        *_conditions(filters),
        _visible(filters, project_id, sees_all),
    )
    sort = page.sort
    if all(key != "id" for key, _ in sort):
        sort = (*sort, ("id", sort[-1][1]))
    order = [(images.c[key], descending) for key, descending in sort]
    after = None
    if page.marker:
        seen = _seen(project_id, sees_all)
        after = _place(connection, page.marker, seen, [key for key, _ in sort])
    select = paginate(select, order, after, page.limit)
    found = store.plain_images(connection.execute(select).all())
    return store.complete(connection, found, project_id)


def _place(
    connection: Connection,
    marker: str,
    seen: sa.ColumnElement[bool],
    keys: list[str],
) -> list[Any]:
    """Where the marker stands, also when it was deleted since; one that the caller
    cannot see tells him nothing."""
    row = connection.execute(images.select().where(images.c.id == marker, seen)).first()
    if row is None:
        raise BadRequest(f"Image {marker} could not be found for the given marker")
    return [row._mapping[key] for key in keys]


def _seen(project_id: str, sees_all: bool) -> sa.ColumnElement[bool]:
    """What this caller may know of at all."""
    return _visible(Filters(visibility=ALL, member_status=ALL), project_id, sees_all)


def _visible(
    filters: Filters, project_id: str, sees_all: bool
) -> sa.ColumnElement[bool]:
    """What this caller may see, and wants to: community images only when asked."""
    wanted = filters.visibility
    asked: sa.ColumnElement[bool] = sa.true()
    if wanted and wanted != ALL:
        asked = images.c.visibility == wanted
    if sees_all:
        return asked
    shared = sa.select(members.c.image_id).where(members.c.member == project_id)
    if filters.member_status != ALL:
        shared = shared.where(members.c.status == filters.member_status)
    choices = [
        images.c.visibility == PUBLIC,
        sa.and_(images.c.visibility == SHARED, images.c.id.in_(shared)),
    ]
    if project_id:
        choices.append(images.c.owner == project_id)
    if wanted in (COMMUNITY, ALL):
        choices.append(images.c.visibility == COMMUNITY)
    return sa.and_(asked, sa.or_(*choices))


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for name, values in filters.texts.items():
        found.append(images.c[name].in_(values))
    for name, number in filters.numbers.items():
        found.append(images.c[name] == number)
    for name, flag in filters.flags.items():
        found.append(images.c[name].is_(flag))
    if filters.size_min is not None:
        found.append(images.c.size >= filters.size_min)
    if filters.size_max is not None:
        found.append(images.c.size <= filters.size_max)
    for name, comparison, moment in filters.moments:
        # Callers know moments by the second, as we show them.
        column = sa.func.floor(images.c[name])
        found.append(COMPARE[comparison](column, moment))
    for tag in filters.tags:
        query = sa.select(tags.c.image_id).where(tags.c.tag == tag)
        found.append(images.c.id.in_(query))
    for name, value in filters.properties.items():
        query = sa.select(properties.c.image_id).where(
            properties.c.name == name, properties.c.value == value
        )
        found.append(images.c.id.in_(query))
    return found
