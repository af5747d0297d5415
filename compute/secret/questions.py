"""What lists of secrets, containers and orders show, and in which order: as SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.api.query import Query
from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.secret import tables
from compute.secret.model import CONTAINER_NAMES, SECRET_TYPES
from compute.secret.parts import ADMIN

Condition = sa.ColumnElement[bool]
_SECRETS, _CONTAINERS, _ORDERS = (
    tables.secrets.c,
    tables.containers.c,
    tables.orders.c,
)
SORT_KEYS_MAX = 10
BITS_MAX = 2**31 - 1
_SORTABLE: Mapping[str, sa.ColumnElement[Any]] = {
    "created": _SECRETS.created_at,
    "updated": _SECRETS.updated_at,
    "expiration": _SECRETS.expires_at,
    "name": _SECRETS.name,
    "mode": _SECRETS.mode,
    "algorithm": _SECRETS.algorithm,
    "bit_length": _SECRETS.bit_length,
    "secret_type": _SECRETS.secret_type,
    # All have the same: it says nothing, and is asked for all the same.
    "status": _SECRETS.id,
}
_TEXTS = {
    "name": _SECRETS.name,
    "alg": _SECRETS.algorithm,
    "mode": _SECRETS.mode,
}
_MOMENTS = {
    "created": _SECRETS.created_at,
    "updated": _SECRETS.updated_at,
    "expiration": _SECRETS.expires_at,
}
_COMPARISONS: Mapping[str, Callable[[Any, float], Condition]] = {
    "gt": lambda column, at: column > at,
    "gte": lambda column, at: column >= at,
    "lt": lambda column, at: column < at,
    "lte": lambda column, at: column <= at,
    "": lambda column, at: column == at,
}


def secrets_select(query: Query, context: RequestContext, now: float) -> sa.Select[Any]:
    """Whole rows of secrets that live and that the caller may see.  ``BadRequest``."""
    select = tables.secrets.select().where(
        sa.or_(_SECRETS.expires_at.is_(None), _SECRETS.expires_at > now)
    )
    if query.flag("acl_only"):
        select = select.where(_SECRETS.id.in_(_listed(context)))
    else:
        select = select.where(_seen(tables.secrets, context))
    for name, column in _TEXTS.items():
        if query.one(name):
            select = select.where(column == query.one(name))
    bits = query.number("bits", 0)
    if bits:
        select = select.where(_SECRETS.bit_length == min(bits, BITS_MAX))
    kind = query.one("secret_type")
    if kind:
        if kind not in SECRET_TYPES:
            raise BadRequest(f"secret_type is one of {', '.join(SECRET_TYPES)}")
        select = select.where(_SECRETS.secret_type == kind)
    for name, moment in _MOMENTS.items():
        for each in filter(None, query.one(name).split(",")):
            select = select.where(_compared(name, moment, each))
    return select.order_by(*_order(query.one("sort")), _SECRETS.id)


def containers_select(query: Query, context: RequestContext) -> sa.Select[Any]:
    """Whole rows of containers that the caller may see.  ``BadRequest``."""
    select = tables.containers.select().where(_seen(tables.containers, context))
    if query.one("name"):
        select = select.where(_CONTAINERS.name == query.one("name"))
    kind = query.one("type")
    if kind:
        if kind not in CONTAINER_NAMES:
            raise BadRequest(f"type is one of {', '.join(CONTAINER_NAMES)}")
        select = select.where(_CONTAINERS.type == kind)
    return select.order_by(_CONTAINERS.created_at, _CONTAINERS.id)


def orders_select(context: RequestContext) -> sa.Select[Any]:
    """Whole rows of the project's orders."""
    select = tables.orders.select().where(_ORDERS.project_id == context.project_id)
    return select.order_by(_ORDERS.created_at, _ORDERS.id)


def quotas_select() -> sa.Select[Any]:
    """Whole rows of what was said of projects."""
    return tables.quotas.select().order_by(tables.quotas.c.project_id)


def _seen(table: sa.Table, context: RequestContext) -> Condition:
    """The project's, but for those that others keep to themselves."""
    mine = table.c.project_id == context.project_id
    if context.has_role(ADMIN):
        return mine
    open_to_me = sa.or_(
        table.c.project_access == sa.true(),
        table.c.creator_id == context.user_id,
        table.c.id.in_(_listed(context)),
    )
    return sa.and_(mine, open_to_me)


def _listed(context: RequestContext) -> sa.Select[Any]:
    readers = tables.readers.c
    return sa.select(readers.subject_id).where(readers.user_id == context.user_id)


def _compared(name: str, column: sa.ColumnElement[Any], text: str) -> Condition:
    sign, colon, rest = text.partition(":")
    if not colon or sign not in _COMPARISONS:
        sign, rest = "", text
    try:
        at = parse_iso(rest.strip())
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} is compared with no moment of ISO 8601") from None
    return _COMPARISONS[sign](column, at)


def _order(text: str) -> list[sa.ColumnElement[Any]]:
    if not text:
        return [_SECRETS.created_at]
    found: list[sa.ColumnElement[Any]] = []
    given = text.split(",")
    if len(given) > SORT_KEYS_MAX:
        raise BadRequest(f"sort has at most {SORT_KEYS_MAX} keys")
    for each in given:
        key, _, direction = each.partition(":")
        if key not in _SORTABLE or direction not in ("", "asc", "desc"):
            raise BadRequest(f"{each[:64]!r} is no key to sort by")
        column = _SORTABLE[key]
        nulls = column.is_(None)
        down = direction == "desc"
        found.append(nulls.asc() if down else nulls.desc())
        found.append(column.desc() if down else column.asc())
    return found
