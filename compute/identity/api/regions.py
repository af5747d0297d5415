"""``/v3/regions``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest, Conflict
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import (
    Document,
    linked,
    one,
    without,
)
from compute.identity.model import Region
from compute.identity.parts import Parts
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import endpoints, regions, registered_limits
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "id": {"type": "string", "minLength": 1, "maxLength": 255},
    "parent_region_id": shapes.REGION_ID,
    "description": shapes.TEXT,
}
_BODY = shapes.body("region", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)


def region_document(call: ApiCall, region: Region) -> Document:
    """The region as the API shows it."""
    document = {
        **region.extra,
        "id": region.id,
        "parent_region_id": region.parent_region_id or None,
        "description": region.description,
    }
    return linked(call, f"regions/{region.id}", document)


class RegionsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/regions", self.list),
            Route("POST", "/v3/regions", self.create),
            Route("GET", "/v3/regions/{region_id}", self.show),
            Route("PUT", "/v3/regions/{region_id}", self.create),
            Route("PATCH", "/v3/regions/{region_id}", self.update),
            Route("DELETE", "/v3/regions/{region_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The regions, filtered."""
        self._parts.enforce(call.context, "identity:list_regions", {})
        column = tables.regions.c.parent_region_id
        conditions = text_conditions(call.query, {"parent_region_id": column})
        return page_reply(
            self._parts,
            call,
            "regions",
            regions,
            conditions,
            region_document,
            sortable=("id",),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new region; its id may be the caller's choice."""
        self._parts.enforce(call.context, "identity:create_region", {})
        wanted = call.json(_BODY)["region"]
        named = call.parameters.get("region_id", "")
        if named and wanted.get("id", named) != named:
            raise BadRequest("The ids of the region in the URL and the body differ")
        region = Region(
            named or wanted.get("id") or self._parts.identifiers.hexadecimal(),
            wanted.get("parent_region_id") or "",
            wanted.get("description") or "",
            without(wanted, _KNOWN),
        )

        def write(connection: Connection) -> None:
            if region.parent_region_id:
                regions.get(connection, region.parent_region_id)
            regions.insert(connection, region)
            self._parts.note(connection, call.context, "region.create", region.id[:64])

        try:
            self._parts.run(write)
        except Duplicate:
            raise Conflict(f"There is a region {region.id} already.") from None
        return one(201, "region", region_document(call, region))

    def show(self, call: ApiCall) -> Reply:
        """One region."""
        region = self._region(call, "get_region")
        return one(200, "region", region_document(call, region))

    def update(self, call: ApiCall) -> Reply:
        """Change a region."""
        region = self._region(call, "update_region")
        wanted = call.json(_BODY)["region"]
        values: dict[str, Any] = {}
        if "description" in wanted:
            values["description"] = wanted["description"] or ""
        if "parent_region_id" in wanted:
            values["parent_region_id"] = wanted["parent_region_id"] or ""

        def write(connection: Connection) -> Region:
            _check_no_circle(connection, region.id, values.get("parent_region_id", ""))
            self._parts.note(connection, call.context, "region.update", region.id[:64])
            extra = without(wanted, _KNOWN)
            return regions.update(connection, region.id, values, extra)

        return one(200, "region", region_document(call, self._parts.run(write)))

    def delete(self, call: ApiCall) -> Reply:
        """Take away a region that has no endpoints and none below it."""
        region = self._region(call, "delete_region")

        def write(connection: Connection) -> None:
            used = endpoints.first(
                connection, tables.endpoints.c.region_id == region.id
            )
            below = regions.first(
                connection, tables.regions.c.parent_region_id == region.id
            )
            limited = registered_limits.first(
                connection, tables.registered_limits.c.region_id == region.id
            )
            if limited is not None:
                raise Conflict(
                    f"Unable to delete region {region.id} because registered limits"
                    " are associated with it."
                )
            if used is not None or below is not None:
                raise Conflict(
                    f"Unable to delete region {region.id} because it or its child "
                    "regions have associated endpoints."
                )
            regions.remove(connection, region.id)
            self._parts.note(connection, call.context, "region.delete", region.id[:64])

        self._parts.run(write)
        return empty_reply()

    def _region(self, call: ApiCall, operation: str) -> Region:
        return load(self._parts, call, operation, regions, "region_id")


def _check_no_circle(connection: Connection, region_id: str, parent_id: str) -> None:
    while parent_id:
        if parent_id == region_id:
            raise BadRequest("A region cannot be below itself")
        parent_id = regions.get(connection, parent_id).parent_region_id
