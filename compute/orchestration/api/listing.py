"""Lists of stacks: filters, order, pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import PAGE_MAX, paginate
from compute.core.errors import BadRequest, PolicyNotAuthorized
from compute.core.sql.database import Connection
from compute.orchestration.api import documents
from compute.orchestration.api.frame import Frame
from compute.orchestration.model import Stack
from compute.orchestration.service.finding import no_stack
from compute.orchestration.states import ACTIONS, STATUSES
from compute.orchestration.tables import stacks

_SORTS = {
    "stack_name": stacks.c.name,
    "name": stacks.c.name,
    "stack_status": stacks.c.status,
    "status": stacks.c.status,
    "creation_time": stacks.c.created_at,
    "created_at": stacks.c.created_at,
    "updated_time": stacks.c.updated_at,
    "updated_at": stacks.c.updated_at,
    "id": stacks.c.id,
}
_FIELDS = {
    "id": stacks.c.id,
    "name": stacks.c.name,
    "stack_name": stacks.c.name,
    "username": stacks.c.user_name,
    "stack_owner": stacks.c.user_name,
    "owner_id": stacks.c.owner_id,
}
Show = Callable[[ApiCall, Stack], documents.Document]


def list_stacks(frame: Frame, call: ApiCall, show: Show | None = None) -> Any:
    """The document of a page."""
    is_global = call.query.flag("global_tenant")
    if is_global and not frame.allows(call, "stacks:global_index"):
        raise PolicyNotAuthorized("You are not authorized to complete this action.")
    limit = min(call.query.number("limit", PAGE_MAX), PAGE_MAX)

    def read(connection: Connection) -> tuple[list[Stack], int]:
        where = _conditions(call, is_global)
        rows = frame.parts.stores.stacks
        found = [
            stack
            for stack in rows.select(
                connection, _page(frame, connection, call, where, limit, is_global)
            )
            if _has_tags(call, stack)
        ][:limit]
        wants_count = call.query.flag("with_count")
        return found, rows.count(connection, *where) if wants_count else -1

    found, count = frame.parts.read(read)
    base = f"{call.base_url}/v1"
    shown = [
        show(call, stack)
        if show
        else {
            **documents.stack_row(f"{base}/{stack.project_id}", stack),
            **({"project": stack.project_id} if is_global else {}),
        }
        for stack in found
    ]
    return {"stacks": shown, **({"count": count} if count >= 0 else {})}


def _conditions(call: ApiCall, is_global: bool) -> list[sa.ColumnElement[bool]]:
    query = call.query
    where: list[sa.ColumnElement[bool]] = []
    if not is_global:
        where.append(stacks.c.project_id == call.context.project_id)
    elif query.all("project_id") or query.all("tenant"):
        wanted = query.all("project_id") + query.all("tenant")
        where.append(stacks.c.project_id.in_(wanted))
    if not query.flag("show_deleted"):
        where.append(stacks.c.deleted_at == 0.0)
    if not (query.flag("show_nested") or query.one("owner_id")):
        where.append(stacks.c.owner_id == "")
    for name, column in _FIELDS.items():
        if query.all(name):
            where.append(column.in_(query.all(name)))
    where += _state(query.all("status") + query.all("stack_status"))
    if query.all("action"):
        where.append(
            stacks.c.action.in_([each.upper() for each in query.all("action")])
        )
    return where


def _state(wanted: list[str]) -> list[sa.ColumnElement[bool]]:
    """``COMPLETE``, or ``CREATE_COMPLETE``."""
    if not wanted:
        return []
    choices: list[sa.ColumnElement[bool]] = []
    for each in wanted:
        action, _, rest = each.upper().partition("_")
        if each.upper() in STATUSES:
            choices.append(stacks.c.status == each.upper())
        elif action in ACTIONS:
            choices.append(sa.and_(stacks.c.action == action, stacks.c.status == rest))
    return [sa.or_(sa.false(), *choices)]


def _page(
    frame: Frame,
    connection: Connection,
    call: ApiCall,
    where: list[sa.ColumnElement[bool]],
    limit: int,
    is_global: bool,
) -> sa.Select[Any]:
    direction = call.query.one("sort_dir")
    keys = call.query.all("sort_keys") or call.query.all("sort_key")
    order: list[tuple[sa.ColumnElement[Any], bool]] = []
    for text in ",".join(keys).split(","):
        key, _, own = text.partition(":")
        if not key:
            continue
        if key not in _SORTS:
            raise BadRequest(f"{key[:50]} is not a valid sort key")
        order.append((_SORTS[key], (own or direction or "asc").lower() == "desc"))
    if not order:
        order.append((stacks.c.created_at, direction.lower() != "asc"))
    order.append((stacks.c.id, order[0][1]))
    marker, after = call.query.one("marker"), None
    if marker:
        found = frame.parts.stores.stacks.find(connection, marker)
        if found is None or not (
            is_global or found.project_id == call.context.project_id
        ):
            raise no_stack(marker)
        row = connection.execute(stacks.select().where(stacks.c.id == marker)).one()
        after = [row._mapping[str(column.key)] for column, _ in order]
    # Tags are looked at here: a page of what has them may need more rows.
    rows_max = (
        PAGE_MAX if any("tags" in name for name, _ in call.query.pairs) else limit
    )
    return paginate(stacks.select().where(*where), order, after, rows_max)


def _has_tags(call: ApiCall, stack: Stack) -> bool:
    """``tags``: all of them; ``not_tags``: not all; ``..._any``: one, or none."""
    mine = set(stack.tags)

    def wanted(name: str) -> set[str]:
        return {each for each in ",".join(call.query.all(name)).split(",") if each}

    every, some = wanted("tags"), wanted("tags_any")
    not_every, not_some = wanted("not_tags"), wanted("not_tags_any")
    return (
        every <= mine
        and (not some or bool(some & mine))
        and not (not_every and not_every <= mine)
        and not (not_some & mine)
    )
