"""``/v2/query/...``: alarms and changes by filters that are trees."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.alarm import tables
from compute.alarm.api.frame import Frame
from compute.alarm.documents import alarm_document, change_document
from compute.alarm.questions import (
    ALARMS,
    CHANGES,
    Fields,
    limit_of,
    rich_condition,
    rich_order,
)
from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.pagination import paginate
from compute.core.errors import BadRequest
from objectstore.kernel.reply import Reply


class RichQueriesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        route, history = self._frame.route, "query_alarm_history"
        return [
            route("POST", "/query/alarms", "query_alarm", self.alarms),
            route("POST", "/query/alarms/history", history, self.changes),
        ]

    def alarms(self, call: ApiCall) -> Reply:
        """Administrators: of all projects."""
        select = self._select(call, ALARMS, tables.alarms, "project_id")
        alarms = self._parts.stores.alarms
        found = self._parts.read(lambda connection: alarms.select(connection, select))
        return json_reply(200, [alarm_document(each) for each in found])

    def changes(self, call: ApiCall) -> Reply:
        """Administrators: of all projects."""
        select = self._select(call, CHANGES, tables.changes, "on_behalf_of")
        changes = self._parts.stores.changes
        found = self._parts.read(lambda connection: changes.select(connection, select))
        return json_reply(200, [change_document(each) for each in found])

    def _select(
        self, call: ApiCall, fields: Fields, table: sa.Table, owner: str
    ) -> sa.Select[Any]:
        body = call.json_object()
        for name in body:
            if name not in ("filter", "orderby", "limit"):
                raise BadRequest(f"a query has no {name[:50]}")
        select = table.select().where(rich_condition(fields, body.get("filter")))
        if not self._frame.sees_all(call):
            select = select.where(table.c[owner] == call.context.project_id)
        order = rich_order(fields, body.get("orderby"))
        return paginate(select, order, None, limit_of(body.get("limit")))
