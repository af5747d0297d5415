"""``/stacks/{name}/{id}/events``: what happened, the oldest first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.pagination import PAGE_MAX
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.orchestration.api import documents
from compute.orchestration.api.frame import STACK, Frame, base_of
from compute.orchestration.model import Event, Stack
from compute.orchestration.tables import happenings
from objectstore.kernel.reply import Reply

_OF_RESOURCE = "/resources/{resource_name}/events"


class EventsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._stores = frame.parts.stores

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/events", "events:index", self.index, STACK),
            route("GET", _OF_RESOURCE, "events:index", self.index, STACK),
            route(
                "GET", f"{_OF_RESOURCE}/{{event_id}}", "events:show", self.show, STACK
            ),
        ]

    def index(self, call: ApiCall) -> Reply:
        """A page of the stack's events, or of one resource's."""
        stack = self._frame.stack(call, deleted=True)
        depth = call.query.number("nested_depth", 0)

        def read(connection: Connection) -> list[tuple[Stack, Event]]:
            stacks = {stack.id: stack}
            if depth:
                stacks |= self._nested(connection, stack, depth)
            events = self._stores.events.select(
                connection, self._page(connection, call, list(stacks))
            )
            return [(stacks[event.stack_id], event) for event in events]

        base = base_of(call)
        shown = []
        for owner, event in self._frame.parts.read(read):
            document = documents.event_document(base, owner, event)
            if depth:
                url = documents.stack_url(base, stack)
                document["links"].append(documents.link(url, "root_stack"))
            shown.append(document)
        return json_reply(200, {"events": shown})

    def show(self, call: ApiCall) -> Reply:
        """One event."""
        stack = self._frame.stack(call, deleted=True)
        wanted, name = call.parameters["event_id"], call.parameters["resource_name"]
        rows = happenings.c
        found = self._frame.parts.read(
            lambda connection: self._stores.events.where(
                connection,
                rows.id == wanted,
                rows.stack_id == stack.id,
                rows.resource == name,
            )
        )
        if not found:
            raise NotFound(f"The Event ({wanted}) could not be found.")
        document = documents.event_document(base_of(call), stack, found[0])
        document |= {
            "resource_type": found[0].resource_type,
            "resource_properties": {},
        }
        return json_reply(200, {"event": document})

    # ---- inside -----------------------------------------------------------------

    def _nested(
        self, connection: Connection, stack: Stack, depth: int
    ) -> dict[str, Stack]:
        rows = self._stores.stacks.columns
        below = self._stores.stacks.where(
            connection, rows.root_id == stack.root_id, rows.depth > stack.depth
        )
        found: dict[str, Stack] = {}
        layer = {stack.id}
        for _ in range(min(depth, len(below))):
            next_layer = {each.id: each for each in below if each.owner_id in layer}
            found |= next_layer
            layer = set(next_layer)
        return found

    def _page(
        self, connection: Connection, call: ApiCall, stack_ids: list[str]
    ) -> sa.Select[Any]:
        rows, query = happenings.c, call.query
        descends = query.one("sort_dir").lower() == "desc"
        where: list[sa.ColumnElement[bool]] = [rows.stack_id.in_(stack_ids)]
        if "resource_name" in call.parameters:
            where.append(rows.resource == call.parameters["resource_name"])
        for name, column in (
            ("resource_name", rows.resource),
            ("resource_type", rows.resource_type),
            ("resource_action", rows.action),
            ("resource_status", rows.status),
        ):
            if query.all(name):
                where.append(column.in_(query.all(name)))
        marker = query.one("marker")
        if marker:
            number = connection.execute(
                sa.select(rows.number).where(
                    rows.id == marker, rows.stack_id.in_(stack_ids)
                )
            ).scalar_one_or_none()
            if number is None:
                raise NotFound(f"The Event ({marker}) could not be found.")
            where.append(rows.number < number if descends else rows.number > number)
        order = rows.number.desc() if descends else rows.number.asc()
        limit = min(query.number("limit", PAGE_MAX) or PAGE_MAX, PAGE_MAX)
        return happenings.select().where(*where).order_by(order).limit(limit)
