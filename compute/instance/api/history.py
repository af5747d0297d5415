"""What was done to servers: instance actions and their events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import next_link
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.instants import end_of_second, iso_micro, parse_iso
from compute.core.sql.database import Connection
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.records import ActionRecord, Server
from compute.instance.views.servers import host_id
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-instance-actions"
DELETED_SINCE, EVENTS_SINCE, PAGES_SINCE = 21, 51, 58
HOST_SINCE, BEFORE_SINCE, DETAILS_SINCE = 62, 66, 84
FILTERS = frozenset({"limit", "marker", "changes-since"})


class HistoryApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/servers/{server_id}/os-instance-actions"
        return [
            Verb(
                "GET",
                many,
                self.index,
                until=BEFORE_SINCE - 1,
                queries=FILTERS,
                strict_since=PAGES_SINCE,
            ),
            Verb(
                "GET",
                many,
                self.index,
                since=BEFORE_SINCE,
                queries=FILTERS | {"changes-before"},
                strict_since=PAGES_SINCE,
            ),
            Verb("GET", f"{many}/{{request_id}}", self.show),
        ]

    def _server(self, connection: Connection, call: ApiCall) -> Server:
        """Since 2.21 a deleted server's history is still there."""
        key = call.parameters["server_id"]
        deleted = None if minor_of(call) >= DELETED_SINCE else False
        server = self._parts.stores.servers.get(connection, key, deleted=deleted)
        if server is None:
            raise NotFound(f"Instance {key} could not be found.")
        try:
            self._parts.enforce(call.context, RULE, server)
        except Forbidden:
            if server.project_id != call.context.project_id:
                raise NotFound(f"Instance {key} could not be found.") from None
            raise
        return server

    def _records(self, call: ApiCall) -> tuple[Server, list[ActionRecord]]:
        def read(connection: Connection) -> tuple[Server, list[ActionRecord]]:
            server = self._server(connection, call)
            found = self._parts.stores.actions.of_server(connection, server.id)
            return server, found

        return self._parts.database.read(read)

    def index(self, call: ApiCall) -> Reply:
        """GET .../os-instance-actions."""
        _, found = self._records(call)
        minor = minor_of(call)
        more: dict[str, Any] = {}
        if minor >= PAGES_SINCE:
            found, more = self._page(call, found)
        values = [_brief(record, minor) for record in found]
        return ok({"instanceActions": values, **more})

    def _page(
        self, call: ApiCall, found: list[ActionRecord]
    ) -> tuple[list[ActionRecord], dict[str, Any]]:
        query = call.query
        try:
            if "changes-since" in query:
                since = parse_iso(query.one("changes-since"))
                found = [each for each in found if each.updated_at >= since]
            if "changes-before" in query and minor_of(call) >= BEFORE_SINCE:
                before = end_of_second(parse_iso(query.one("changes-before")))
                found = [each for each in found if each.updated_at <= before]
        except ValueError:
            raise BadRequest("Invalid changes-since or changes-before") from None
        marker = query.one("marker")
        if marker:
            ids = [each.request_id for each in found]
            if marker not in ids:
                raise BadRequest(f"marker [{marker}] not found")
            found = found[ids.index(marker) + 1 :]
        limit = min(query.number("limit", 1000), 1000)
        more: dict[str, Any] = {}
        if 0 < limit < len(found):
            href = next_link(call.url, query, found[limit - 1].request_id)
            more = {"links": [{"rel": "next", "href": href}]}
        return found[:limit], more

    def show(self, call: ApiCall) -> Reply:
        """GET .../os-instance-actions/{request}."""
        server, records = self._records(call)
        wanted = call.parameters["request_id"]
        for record in records:
            if record.request_id == wanted:
                break
        else:
            raise NotFound(f"Action for request_id {wanted} not found")
        minor = minor_of(call)
        value = _brief(record, minor)
        context = call.context
        sees_traces = self._parts.allows(context, f"{RULE}:events:details", server)
        if sees_traces or minor >= EVENTS_SINCE:
            value["events"] = [
                _event(server, event, minor, is_admin=sees_traces)
                for event in reversed(record.events)
            ]
        return ok({"instanceAction": value})


def _brief(record: ActionRecord, minor: int) -> dict[str, Any]:
    value = {
        "action": record.action,
        "instance_uuid": record.server_id,
        "request_id": record.request_id or None,
        "user_id": record.user_id or None,
        "project_id": record.project_id or None,
        "start_time": iso_micro(record.start_time),
        "message": record.message,
    }
    if minor >= PAGES_SINCE:
        value["updated_at"] = iso_micro(record.updated_at)
    return value


def _event(
    server: Server, event: Mapping[str, Any], minor: int, *, is_admin: bool
) -> dict[str, Any]:
    value = {
        "event": event["event"],
        "start_time": iso_micro(event["start_time"]),
        "finish_time": iso_micro(event["finish_time"]),
        "result": event["result"],
    }
    if is_admin:
        value["traceback"] = event["traceback"]
    if minor >= HOST_SINCE:
        value["hostId"] = host_id(server)
        if is_admin:
            value["host"] = event["host"]
    if minor >= DETAILS_SINCE:
        value["details"] = event.get("details")  # not in those of older houses
    return value
