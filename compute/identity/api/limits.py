"""``/v3/limits``: how much of a resource one project or domain may have, other than the
registered limit says."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.reading import load, page_reply
from compute.identity.api.registered_limits import (
    AMOUNT,
    check_place,
    several,
)
from compute.identity.api.replies import Document, linked, one
from compute.identity.model import Limit
from compute.identity.parts import Parts
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import limits, projects, registered_limits
from objectstore.kernel.reply import Reply

MODEL = {
    "name": "flat",
    "description": "Limits of projects stand beside each other: those of a parent say"
    " nothing of its children's.",
}
_CREATE = several(
    "limits",
    {
        "project_id": shapes.OPTIONAL_ID,
        "domain_id": shapes.OPTIONAL_ID,
        "service_id": shapes.ID,
        "region_id": shapes.REGION_ID,
        "resource_name": shapes.NAME,
        "resource_limit": AMOUNT,
        "description": shapes.TEXT,
    },
    ["service_id", "resource_name", "resource_limit"],
)
_UPDATE = shapes.body(
    "limit", {"resource_limit": AMOUNT, "description": shapes.TEXT}, more=False
)


def limit_document(call: ApiCall, limit: Limit) -> Document:
    """The limit as the API shows it."""
    return linked(
        call,
        f"limits/{limit.id}",
        {
            "id": limit.id,
            "project_id": limit.project_id or None,
            "domain_id": limit.domain_id or None,
            "service_id": limit.service_id,
            "region_id": limit.region_id or None,
            "resource_name": limit.resource_name,
            "resource_limit": limit.resource_limit,
            "description": limit.description,
        },
    )


class LimitsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        path = "/v3/limits"
        return [
            Route("GET", path + "/model", self.model),
            Route("GET", path, self.list),
            Route("POST", path, self.create),
            Route("GET", path + "/{limit_id}", self.show),
            Route("PATCH", path + "/{limit_id}", self.update),
            Route("DELETE", path + "/{limit_id}", self.delete),
        ]

    def model(self, call: ApiCall) -> Reply:
        """How limits of parents and children go together."""
        self._parts.enforce(call.context, "identity:get_limit_model", {})
        return one(200, "model", dict(MODEL))

    def list(self, call: ApiCall) -> Reply:
        """The limits, filtered: all for who may read all, one's own for others."""
        self._parts.enforce(call.context, "identity:list_limits", {})
        rows = tables.limits.c
        names = ("service_id", "region_id", "resource_name", "project_id", "domain_id")
        conditions = text_conditions(call.query, {name: rows[name] for name in names})
        if not self._parts.allows(call.context, "identity:list_all_limits", {}):
            conditions.append(_own(call))
        return page_reply(
            self._parts,
            call,
            "limits",
            limits,
            conditions,
            limit_document,
            sortable=("id", "resource_name"),
        )

    def create(self, call: ApiCall) -> Reply:
        """Several, or none; each has a registered limit."""
        self._parts.enforce(call.context, "identity:create_limits", {})
        made = [self._new(wanted) for wanted in call.json(_CREATE)["limits"]]

        def write(connection: Connection) -> None:
            for limit in made:
                check_place(connection, limit.service_id, limit.region_id)
                _check_owner(connection, limit)
                _check_registered(connection, limit)
                limits.insert(connection, limit)
                self._parts.note(connection, call.context, "limit.create", limit.id)

        try:
            self._parts.run(write)
        except Duplicate:
            raise Conflict(
                "There is a limit of that project, service, region and resource"
                " already."
            ) from None
        shown = [limit_document(call, limit) for limit in made]
        return json_reply(201, {"limits": shown})

    def show(self, call: ApiCall) -> Reply:
        """One limit."""
        return one(200, "limit", limit_document(call, self._limit(call, "get_limit")))

    def update(self, call: ApiCall) -> Reply:
        """Change the number, or its description."""
        limit = self._limit(call, "update_limit")
        values = call.json(_UPDATE)["limit"]

        def write(connection: Connection) -> Limit:
            self._parts.note(connection, call.context, "limit.update", limit.id)
            return limits.update(connection, limit.id, values)

        return one(200, "limit", limit_document(call, self._parts.run(write)))

    def delete(self, call: ApiCall) -> Reply:
        """Take one away: the registered limit counts again."""
        limit = self._limit(call, "delete_limit")

        def write(connection: Connection) -> None:
            limits.remove(connection, limit.id)
            self._parts.note(connection, call.context, "limit.delete", limit.id)

        self._parts.run(write)
        return empty_reply()

    def _new(self, wanted: dict[str, Any]) -> Limit:
        project_id = wanted.get("project_id") or ""
        domain_id = wanted.get("domain_id") or ""
        if bool(project_id) == bool(domain_id):
            raise BadRequest("A limit is of one project_id or of one domain_id")
        return Limit(
            id=self._parts.identifiers.hexadecimal(),
            project_id=project_id,
            domain_id=domain_id,
            service_id=wanted["service_id"],
            region_id=wanted.get("region_id") or "",
            resource_name=wanted["resource_name"],
            resource_limit=wanted["resource_limit"],
            description=wanted.get("description"),
        )

    def _limit(self, call: ApiCall, operation: str) -> Limit:
        def target(limit: Limit) -> dict[str, Any]:
            project = self._parts.read(
                lambda connection: projects.find(connection, limit.project_id)
            )
            return {
                "target.limit.project_id": limit.project_id,
                "target.limit.domain_id": limit.domain_id,
                "target.limit.project.domain_id": project and project.domain_id,
            }

        return load(self._parts, call, operation, limits, "limit_id", target)


def _own(call: ApiCall) -> sa.ColumnElement[bool]:
    rows, context = tables.limits.c, call.context
    if context.project_id:
        return rows.project_id == context.project_id
    if context.domain_id:
        inside = sa.select(tables.projects.c.id).where(
            tables.projects.c.domain_id == context.domain_id
        )
        return sa.or_(rows.domain_id == context.domain_id, rows.project_id.in_(inside))
    return sa.false()


def _check_owner(connection: Connection, limit: Limit) -> None:
    owner = projects.find(connection, limit.project_id or limit.domain_id)
    if owner is None or owner.is_domain is not bool(limit.domain_id):
        name = "domain_id" if limit.domain_id else "project_id"
        raise BadRequest(f"{name}: there is no {limit.project_id or limit.domain_id}")


def _check_registered(connection: Connection, limit: Limit) -> None:
    rows = tables.registered_limits.c
    found = registered_limits.first(
        connection,
        rows.service_id == limit.service_id,
        rows.region_id == limit.region_id,
        rows.resource_name == limit.resource_name,
    )
    if found is None:
        raise Forbidden(
            "Unable to create a limit that has no corresponding registered limit."
        )
