"""Resource types."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import json_of
from compute.metric.api.frame import Frame
from compute.metric.attributes import DEFINITIONS, NAME_PATTERN, ONE_DEFINITION
from compute.metric.model import ResourceType
from compute.metric.service import resource_types
from compute.metric.service.resources import type_named
from objectstore.kernel.reply import Reply

TYPE_NAME = r"^[a-zA-Z_][a-zA-Z0-9_-]{0,62}$"
TYPE = Schema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": TYPE_NAME},
            "attributes": DEFINITIONS,
        },
        "required": ["name"],
        "additionalProperties": False,
    }
)
PATCH = Schema(
    {
        "type": "array",
        "maxItems": 64,
        "items": {
            "type": "object",
            "properties": {
                "op": {"enum": ["add", "remove"]},
                "path": {
                    "type": "string",
                    "pattern": "^/attributes/" + NAME_PATTERN[1:],
                },
                "value": ONE_DEFINITION.document,
            },
            "required": ["op", "path"],
            "additionalProperties": False,
        },
    }
)


class ResourceTypesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        base = "/v1/resource_type"
        return [
            Route("GET", base, self.list),
            Route("POST", base, self.create),
            Route("GET", f"{base}/{{name}}", self.show),
            Route("PATCH", f"{base}/{{name}}", self.update),
            Route("DELETE", f"{base}/{{name}}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """All of them."""
        self._frame.check(call, "list resource type")
        found = self._parts.read(store.resource_types.where)
        return json_reply(200, [_view(each) for each in found])

    def show(self, call: ApiCall) -> Reply:
        """One."""
        self._frame.check(call, "get resource type")
        name = call.parameters["name"]
        found = self._parts.read(lambda connection: type_named(connection, name))
        return json_reply(200, _view(found))

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        self._frame.check(call, "create resource type")
        given = json_of(call, TYPE)

        def work(connection: Connection) -> ResourceType:
            return resource_types.create(
                connection, given["name"], given.get("attributes") or {}
            )

        made = self._parts.run(work)
        place = f"{call.base_url}/v1/resource_type/{made.name}"
        return json_reply(201, _view(made), [("Location", place)])

    def update(self, call: ApiCall) -> Reply:
        """Other attributes, as an RFC 6902 patch."""
        self._frame.check(call, "update resource type")
        name, patch = call.parameters["name"], json_of(call, PATCH)

        def work(connection: Connection) -> ResourceType:
            return resource_types.update(connection, name, patch)

        return json_reply(200, _view(self._parts.run(work)))

    def delete(self, call: ApiCall) -> Reply:
        """One without resources."""
        self._frame.check(call, "delete resource type")
        name = call.parameters["name"]
        self._parts.run(lambda connection: resource_types.delete(connection, name))
        return empty_reply()


def _view(kind: ResourceType) -> dict[str, Any]:
    return {"name": kind.name, "state": "active", "attributes": dict(kind.attributes)}
