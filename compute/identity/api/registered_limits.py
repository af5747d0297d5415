"""``/v3/registered_limits``: how much of a resource every project may have by default.

They are kept for services that ask for them; the cloud's own services have quotas of
their own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import Document, linked, one
from compute.identity.model import RegisteredLimit
from compute.identity.parts import Parts
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import regions, registered_limits, services
from objectstore.kernel.reply import Reply

LIMIT_MAX = 2**31 - 1
UNLIMITED = -1
AT_ONCE_MAX = 1000  # of one request

AMOUNT = {"type": "integer", "minimum": UNLIMITED, "maximum": LIMIT_MAX}
_PROPERTIES = {
    "service_id": shapes.ID,
    "region_id": shapes.REGION_ID,
    "resource_name": shapes.NAME,
    "default_limit": AMOUNT,
    "description": shapes.TEXT,
}
_UPDATE = shapes.body("registered_limit", _PROPERTIES, more=False)
# What limits refer to by: it cannot change while there are any.
_KEY = ("service_id", "region_id", "resource_name")


def several(name: str, item: dict[str, Any], required: list[str]) -> Schema:
    """``{name: [{...}, ...]}``."""
    shape = {
        "type": "object",
        "properties": item,
        "required": required,
        "additionalProperties": False,
    }
    found = {"type": "array", "items": shape, "minItems": 1, "maxItems": AT_ONCE_MAX}
    return Schema({"type": "object", "properties": {name: found}, "required": [name]})


_CREATE = several(
    "registered_limits", _PROPERTIES, ["service_id", "resource_name", "default_limit"]
)


def limit_document(call: ApiCall, limit: RegisteredLimit) -> Document:
    """The limit as the API shows it."""
    return linked(
        call,
        f"registered_limits/{limit.id}",
        {
            "id": limit.id,
            "service_id": limit.service_id,
            "region_id": limit.region_id or None,
            "resource_name": limit.resource_name,
            "default_limit": limit.default_limit,
            "description": limit.description,
        },
    )


def check_place(connection: Connection, service_id: str, region_id: str) -> None:
    """Service and region are there; ``BadRequest``."""
    if services.find(connection, service_id) is None:
        raise BadRequest(f"service_id: there is no service {service_id}")
    if region_id and regions.find(connection, region_id) is None:
        raise BadRequest(f"region_id: there is no region {region_id}")


class RegisteredLimitsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        path = "/v3/registered_limits"
        return [
            Route("GET", path, self.list),
            Route("POST", path, self.create),
            Route("GET", path + "/{limit_id}", self.show),
            Route("PATCH", path + "/{limit_id}", self.update),
            Route("DELETE", path + "/{limit_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The limits, filtered."""
        self._parts.enforce(call.context, "identity:list_registered_limits", {})
        rows = tables.registered_limits.c
        conditions = text_conditions(call.query, {name: rows[name] for name in _KEY})
        return page_reply(
            self._parts,
            call,
            "registered_limits",
            registered_limits,
            conditions,
            limit_document,
            sortable=("id", "resource_name"),
        )

    def create(self, call: ApiCall) -> Reply:
        """Several, or none."""
        self._parts.enforce(call.context, "identity:create_registered_limits", {})
        limits = [
            RegisteredLimit(
                self._parts.identifiers.hexadecimal(),
                wanted["service_id"],
                wanted.get("region_id") or "",
                wanted["resource_name"],
                wanted["default_limit"],
                wanted.get("description"),
            )
            for wanted in call.json(_CREATE)["registered_limits"]
        ]

        def write(connection: Connection) -> None:
            for limit in limits:
                check_place(connection, limit.service_id, limit.region_id)
                registered_limits.insert(connection, limit)
                self._note(connection, call, "create", limit)

        self._run(write)
        shown = [limit_document(call, limit) for limit in limits]
        return json_reply(201, {"registered_limits": shown})

    def show(self, call: ApiCall) -> Reply:
        """One limit."""
        limit = self._limit(call, "get_registered_limit")
        return one(200, "registered_limit", limit_document(call, limit))

    def update(self, call: ApiCall) -> Reply:
        """Change one; ``Forbidden`` what projects' limits refer to."""
        limit = self._limit(call, "update_registered_limit")
        values = dict(call.json(_UPDATE)["registered_limit"])
        if "region_id" in values:
            values["region_id"] = values["region_id"] or ""
        moves = any(
            getattr(limit, name) != values.get(name, getattr(limit, name))
            for name in _KEY
        )

        def write(connection: Connection) -> RegisteredLimit:
            if moves:
                self._refuse_used(connection, limit)
            check_place(
                connection,
                values.get("service_id", limit.service_id),
                values.get("region_id", limit.region_id),
            )
            self._note(connection, call, "update", limit)
            return registered_limits.update(connection, limit.id, values)

        return one(200, "registered_limit", limit_document(call, self._run(write)))

    def delete(self, call: ApiCall) -> Reply:
        """Take one away; ``Forbidden`` while projects' limits refer to it."""
        limit = self._limit(call, "delete_registered_limit")

        def write(connection: Connection) -> None:
            self._refuse_used(connection, limit)
            registered_limits.remove(connection, limit.id)
            self._note(connection, call, "delete", limit)

        self._parts.run(write)
        return empty_reply()

    def _run(self, write: Any) -> Any:
        try:
            return self._parts.run(write)
        except Duplicate:
            raise Conflict(
                "There is a registered limit for that service, region and resource"
                " already."
            ) from None

    def _refuse_used(self, connection: Connection, limit: RegisteredLimit) -> None:
        rows = tables.limits
        used = sa.select(rows.c.id).where(
            *(rows.c[name] == getattr(limit, name) for name in _KEY)
        )
        if connection.execute(used.limit(1)).first() is not None:
            raise Forbidden(
                f"Unable to update or delete registered limit {limit.id} because there"
                " are project limits associated with it."
            )

    def _note(
        self, connection: Connection, call: ApiCall, verb: str, limit: RegisteredLimit
    ) -> None:
        self._parts.note(connection, call.context, f"registered_limit.{verb}", limit.id)

    def _limit(self, call: ApiCall, operation: str) -> RegisteredLimit:
        return load(self._parts, call, operation, registered_limits, "limit_id")
