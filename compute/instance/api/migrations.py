"""Migrations: all of them, and those of one server that are live and under way."""

from __future__ import annotations

import dataclasses
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import PAGE_MAX, Page, next_link
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.instants import end_of_second, parse_iso
from compute.core.sql.database import Connection
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, api_base, minor_of
from compute.instance.moves import IN_PROGRESS, Kind, Status
from compute.instance.parts import Parts
from compute.instance.records import Migration, Server
from compute.instance.rules import check_action
from compute.instance.stores.migrations import MigrationFilter
from compute.instance.views.migrations import (
    OWNER_SINCE,
    TYPE_SINCE,
    UUID_SINCE,
    in_progress,
    listed,
)
from objectstore.kernel.reply import Reply

ALL = "os_compute_api:os-migrations:index"
ONE = "os_compute_api:servers:migrations"
BEFORE_SINCE = 66
# Before it has begun to copy, too.
ABORT_EARLY_SINCE = 65
_EQUAL = {
    "status": "status",
    "source_compute": "source",
    "migration_type": "type",
    "instance_uuid": "server_id",
}
FORCE = Schema(
    {
        "type": "object",
        "properties": {"force_complete": {"type": "null"}},
        "required": ["force_complete"],
        "additionalProperties": False,
    }
)
_NUMBER_DIGITS_MAX = 9


class MigrationsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = parts.stores

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/servers/{server_id}/migrations"
        one = f"{many}/{{migration_id}}"
        return [
            Verb("GET", "/os-migrations", self.index),
            Verb("GET", many, self.of_server, since=23),
            Verb("GET", one, self.show, since=23),
            Verb("POST", f"{one}/action", self.force_complete, since=22),
            Verb("DELETE", one, self.abort, since=24),
        ]

    # ---- all -------------------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /os-migrations."""
        self._parts.enforce(call.context, ALL)
        minor = minor_of(call)
        wanted, page = self._filter(call, minor), self._page(call, minor)

        def read(connection: Connection) -> tuple[list[Migration], dict[str, int]]:
            one_more = dataclasses.replace(page, limit=page.limit + 1)
            found = self._stores.migrations.page(connection, wanted, one_more)
            flavors = self._stores.flavors.all(connection)
            return found, {each.flavor_id: each.number for each in flavors}

        found, flavors = self._parts.database.read(read)
        more: dict[str, Any] = {}
        has_more, found = len(found) > page.limit, found[: page.limit]
        if minor >= UUID_SINCE and has_more and found:
            href = next_link(call.url, call.query, found[-1].uuid)
            more = {"migrations_links": [{"rel": "next", "href": href}]}
        values = [
            listed(each, minor, flavors, self._href(call, each)) for each in found
        ]
        return ok({"migrations": values, **more})

    def _href(self, call: ApiCall, migration: Migration) -> str:
        if minor_of(call) < TYPE_SINCE or not _is_in_progress(migration):
            return ""
        place = f"servers/{migration.server_id}/migrations/{migration.number}"
        return f"{api_base(call)}/{place}"

    def _filter(self, call: ApiCall, minor: int) -> MigrationFilter:
        query = call.query
        names = dict(_EQUAL)
        if minor >= OWNER_SINCE:
            names |= {"user_id": "user_id", "project_id": "project_id"}
        equal = {
            column: query.one(name) for name, column in names.items() if name in query
        }
        since = before = None
        try:
            if "changes-since" in query and minor >= UUID_SINCE:
                since = parse_iso(query.one("changes-since"))
            if "changes-before" in query and minor >= BEFORE_SINCE:
                before = end_of_second(parse_iso(query.one("changes-before")))
        except ValueError:
            raise BadRequest("Invalid changes-since or changes-before") from None
        if since is not None and before is not None and before < since:
            raise BadRequest(
                "The value of changes-since must be less than or equal to"
                " changes-before."
            )
        return MigrationFilter(equal, query.one("host"), since, before)

    def _page(self, call: ApiCall, minor: int) -> Page:
        if minor < UUID_SINCE:
            return Page(PAGE_MAX, sort=(("number", False),))
        limit = min(call.query.number("limit", PAGE_MAX), PAGE_MAX)
        newest_first = (("created_at", True), ("number", True))
        return Page(limit, call.query.one("marker"), newest_first)

    # ---- of one server ---------------------------------------------------------

    def of_server(self, call: ApiCall) -> Reply:
        """GET .../migrations: live ones that are under way."""

        def read(connection: Connection) -> list[Migration]:
            server = self._server(connection, call, "index")
            return self._stores.migrations.open_of(connection, server.id)

        found = self._parts.database.read(read)
        values = [
            in_progress(each, minor_of(call)) for each in found if _is_in_progress(each)
        ]
        return ok({"migrations": values})

    def show(self, call: ApiCall) -> Reply:
        """GET .../migrations/{id}."""

        def read(connection: Connection) -> Migration:
            server = self._server(connection, call, "show")
            found = self._one(connection, call, server)
            if found.type != Kind.LIVE.value:
                raise NotFound(
                    f"Migration {found.number} for server {server.id} is not"
                    " live-migration."
                )
            if not _is_in_progress(found):
                raise NotFound(
                    f"Live migration {found.number} for server {server.id} is not in"
                    " progress."
                )
            return found

        found = self._parts.database.read(read)
        return ok({"migration": in_progress(found, minor_of(call))})

    def force_complete(self, call: ApiCall) -> Reply:
        """POST .../migrations/{id}/action: rather a pause than no end."""
        call.json(FORCE)

        def write(connection: Connection) -> None:
            server = self._server(connection, call, "force_complete")
            _check_moving(server, is_admin=call.context.has_role("admin"))
            found = self._one(connection, call, server)
            _check_status(found, {Status.RUNNING}, "force complete")
            now = self._parts.clock.time()
            self._stores.migrations.set(connection, found.uuid, now, hurried=True)

        self._parts.database.run(write)
        return accepted()

    def abort(self, call: ApiCall) -> Reply:
        """DELETE .../migrations/{id}: the guest stays where it is."""
        allowed = {Status.RUNNING}
        if minor_of(call) >= ABORT_EARLY_SINCE:
            allowed |= {Status.PREPARING}

        def write(connection: Connection) -> list[str]:
            server = self._server(connection, call, "delete")
            _check_moving(server, is_admin=call.context.has_role("admin"))
            found = self._one(connection, call, server)
            _check_status(found, allowed, "abort")
            self._stores.jobs.cancel(connection, server.id)
            return [found.source, found.dest]

        for host in self._parts.database.run(write):
            self._parts.wake(host)
        return accepted()

    def _server(self, connection: Connection, call: ApiCall, verb: str) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.visible(connection, call.context, server_id, f"{ONE}:{verb}")

    def _one(self, connection: Connection, call: ApiCall, server: Server) -> Migration:
        text = call.parameters["migration_id"]
        found = None
        if text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX:
            found = self._stores.migrations.numbered(connection, int(text))
        if found is None or found.server_id != server.id:
            raise NotFound(
                f"Migration {text} for server {server.id} could not be found."
            )
        return found


def _is_in_progress(migration: Migration) -> bool:
    status = Status(migration.status)
    return migration.type == Kind.LIVE.value and status in IN_PROGRESS


def _check_moving(server: Server, *, is_admin: bool) -> None:
    """``Conflict`` unless the server is being moved live."""
    check_action(server, "steer_migration", is_admin=is_admin)


def _check_status(migration: Migration, allowed: set[Status], wanted: str) -> None:
    if migration.type != Kind.LIVE.value or Status(migration.status) not in allowed:
        raise BadRequest(
            f"Migration {migration.number} state of instance {migration.server_id} is"
            f" {migration.status}. Cannot {wanted} while the migration is in this"
            " state."
        )
