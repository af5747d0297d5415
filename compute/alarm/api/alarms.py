"""``/v2/alarms``: alarms, their states, their histories."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.alarm import tables
from compute.alarm.api.frame import Frame
from compute.alarm.definitions import definition_of
from compute.alarm.documents import alarm_document, change_document
from compute.alarm.model import STATES, Change
from compute.alarm.questions import (
    ALARMS,
    CHANGES,
    Condition,
    Fields,
    limit_of,
    simple_condition,
    simple_order,
    simple_pairs,
)
from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import paginate
from compute.core.api.query import boolean_of
from compute.core.errors import BadRequest, NotFound, PolicyNotAuthorized
from compute.core.sql.database import Connection
from objectstore.kernel.reply import Reply

_ONE = "/alarms/{alarm_id}"
# A field of lists that is none of alarms.
ALL_PROJECTS = "all_projects"


class AlarmsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts
        self._service = frame.service

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/alarms", "get_alarms", self.alarms),
            route("POST", "/alarms", "create_alarm", self.create),
            route("GET", _ONE, "get_alarm", self.show),
            route("PUT", _ONE, "change_alarm", self.change),
            route("DELETE", _ONE, "delete_alarm", self.delete),
            route("GET", f"{_ONE}/state", "get_alarm_state", self.state),
            route("PUT", f"{_ONE}/state", "change_alarm_state", self.set_state),
            route("GET", f"{_ONE}/history", "alarm_history", self.history),
        ]

    # ---- alarms --------------------------------------------------------------------

    def alarms(self, call: ApiCall) -> Reply:
        """A page of them."""
        where, is_all = [], False
        for name, sign, value in simple_pairs(call.query):
            if name == ALL_PROJECTS:
                is_all = boolean_of(name, value)
            else:
                where.append(simple_condition(ALARMS, name, sign, value))
        if is_all and not self._frame.sees_all(call):
            raise PolicyNotAuthorized("Only administrators list all projects' alarms")
        names_one = any(each[0] == "project_id" for each in simple_pairs(call.query))
        if not is_all and not (names_one and self._frame.sees_all(call)):
            where.append(tables.alarms.c.project_id == call.context.project_id)
        found = self._parts.read(
            lambda connection: self._parts.stores.alarms.select(
                connection, self._page(connection, call, ALARMS, tables.alarms, where)
            )
        )
        return json_reply(200, [alarm_document(each) for each in found])

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        wanted = definition_of(call.json(), self._parts.settings.actions_per_state)
        is_admin = self._frame.allows(call, "telemetry:log_action")
        alarm = self._service.create(call.context, wanted, is_admin=is_admin)
        place = f"{call.base_url}/v2/alarms/{alarm.id}"
        return json_reply(201, alarm_document(alarm), [("Location", place)])

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        return json_reply(200, alarm_document(self._find(call)))

    def change(self, call: ApiCall) -> Reply:
        """What it is to be, all of it."""
        wanted = definition_of(call.json(), self._parts.settings.actions_per_state)
        alarm = self._service.change(
            call.context,
            call.parameters["alarm_id"],
            wanted,
            is_admin=self._frame.sees_all(call),
        )
        return json_reply(200, alarm_document(alarm))

    def delete(self, call: ApiCall) -> Reply:
        """Take it away."""
        self._service.delete(
            call.context, call.parameters["alarm_id"], self._frame.sees_all(call)
        )
        return empty_reply(204)

    # ---- states, histories -----------------------------------------------------------

    def state(self, call: ApiCall) -> Reply:
        """A text by itself."""
        return json_reply(200, self._find(call).state)

    def set_state(self, call: ApiCall) -> Reply:
        """A text by itself."""
        state = call.json()
        if state not in STATES:
            raise BadRequest(f"state is one of {', '.join(STATES)}")
        self._service.set_state(
            call.context, call.parameters["alarm_id"], state, self._frame.sees_all(call)
        )
        return json_reply(200, state)

    def history(self, call: ApiCall) -> Reply:
        """A page of what happened to one, also when it is gone; 404 for one that never
        was."""
        changes = tables.changes
        where = [changes.c.alarm_id == call.parameters["alarm_id"]]
        if not self._frame.sees_all(call):
            where.append(changes.c.on_behalf_of == call.context.project_id)
        pairs = simple_pairs(call.query)
        asked = [*where, *(simple_condition(CHANGES, *each) for each in pairs)]

        any_of_it = sa.select(changes.c.number).where(*where).limit(1)

        def work(connection: Connection) -> tuple[list[Change], bool]:
            page = self._page(connection, call, CHANGES, changes, asked)
            was = connection.execute(any_of_it).first() is not None
            return self._parts.stores.changes.select(connection, page), was

        found, was = self._parts.read(work)
        if not was:
            self._find(call)  # one that is there may have outlived its history
        return json_reply(200, [change_document(each) for each in found])

    # ---- inside ----------------------------------------------------------------------

    def _find(self, call: ApiCall) -> Any:
        return self._service.find(
            call.context, call.parameters["alarm_id"], self._frame.sees_all(call)
        )

    def _page(
        self,
        connection: Connection,
        call: ApiCall,
        fields: Fields,
        table: sa.Table,
        where: list[Condition],
    ) -> sa.Select[Any]:
        order = simple_order(fields, call.query)
        marker, after = call.query.one("marker"), None
        if marker:
            marked = table.select().where(table.c.id == marker, *where)
            row = connection.execute(marked).first()
            if row is None:
                raise NotFound(f"marker {marker[:64]} not found")
            after = [row._mapping[str(column.key)] for column, _ in order]
        limit = limit_of(call.query.one("limit"))
        return paginate(table.select().where(*where), order, after, limit)
