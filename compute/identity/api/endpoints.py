"""``/v3/endpoints``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import (
    Document,
    changes_of,
    linked,
    one,
    without,
)
from compute.identity.model import Endpoint, Region
from compute.identity.parts import Parts
from compute.identity.store import endpoint_filter
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import endpoints, regions, services
from compute.identity.tokens.catalogue import check_url
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "service_id": shapes.ID,
    "region_id": shapes.REGION_ID,
    # The old name of region_id, which makes the region if it is not there.
    "region": shapes.REGION_ID,
    "interface": {"enum": ["admin", "internal", "public"]},
    "url": {"type": "string", "minLength": 1, "maxLength": 8192},
    "enabled": shapes.FLAG,
}
_CREATE = shapes.body("endpoint", _PROPERTIES, ["service_id", "interface", "url"])
_UPDATE = shapes.body("endpoint", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)


def endpoint_document(call: ApiCall, endpoint: Endpoint) -> Document:
    """The endpoint as the API shows it."""
    document = {
        **endpoint.extra,
        "id": endpoint.id,
        "service_id": endpoint.service_id,
        "region_id": endpoint.region_id or None,
        "region": endpoint.region_id or None,
        "interface": endpoint.interface,
        "url": endpoint.url,
        "enabled": endpoint.enabled,
    }
    return linked(call, f"endpoints/{endpoint.id}", document)


class EndpointsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/endpoints", self.list),
            Route("POST", "/v3/endpoints", self.create),
            Route("GET", "/v3/endpoints/{endpoint_id}", self.show),
            Route("PATCH", "/v3/endpoints/{endpoint_id}", self.update),
            Route("DELETE", "/v3/endpoints/{endpoint_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The endpoints, filtered."""
        self._parts.enforce(call.context, "identity:list_endpoints", {})
        rows = tables.endpoints.c
        columns = {
            "interface": rows.interface,
            "service_id": rows.service_id,
            "region_id": rows.region_id,
        }
        conditions = text_conditions(call.query, columns)
        return page_reply(
            self._parts,
            call,
            "endpoints",
            endpoints,
            conditions,
            endpoint_document,
            sortable=("id",),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new endpoint."""
        self._parts.enforce(call.context, "identity:create_endpoint", {})
        wanted = call.json(_CREATE)["endpoint"]
        check_url(wanted["url"])
        endpoint = Endpoint(
            self._parts.identifiers.hexadecimal(),
            wanted["service_id"],
            wanted.get("region_id") or wanted.get("region") or "",
            wanted["interface"],
            wanted["url"],
            wanted.get("enabled", True),
            without(wanted, _KNOWN),
        )

        def write(connection: Connection) -> None:
            _check_service(connection, endpoint.service_id)
            _check_region(connection, endpoint.region_id, "region" in wanted)
            endpoints.insert(connection, endpoint)
            self._parts.note(connection, call.context, "endpoint.create", endpoint.id)

        self._parts.run(write)
        return one(201, "endpoint", endpoint_document(call, endpoint))

    def show(self, call: ApiCall) -> Reply:
        """One endpoint."""
        endpoint = self._endpoint(call, "get_endpoint")
        return one(200, "endpoint", endpoint_document(call, endpoint))

    def update(self, call: ApiCall) -> Reply:
        """Change an endpoint."""
        endpoint = self._endpoint(call, "update_endpoint")
        wanted = changes_of(call, _UPDATE, "endpoint", endpoint.id)
        values: dict[str, Any] = {
            name: wanted[name]
            for name in ("service_id", "interface", "url", "enabled")
            if name in wanted
        }
        if "url" in values:
            check_url(values["url"])
        if "region_id" in wanted or "region" in wanted:
            values["region_id"] = wanted.get("region_id") or wanted.get("region") or ""

        def write(connection: Connection) -> Endpoint:
            if "service_id" in values:
                _check_service(connection, values["service_id"])
            _check_region(connection, values.get("region_id", ""), "region" in wanted)
            self._parts.note(connection, call.context, "endpoint.update", endpoint.id)
            extra = without(wanted, _KNOWN)
            return endpoints.update(connection, endpoint.id, values, extra)

        return one(200, "endpoint", endpoint_document(call, self._parts.run(write)))

    def delete(self, call: ApiCall) -> Reply:
        """Take an endpoint away."""
        endpoint = self._endpoint(call, "delete_endpoint")

        def write(connection: Connection) -> None:
            endpoints.remove(connection, endpoint.id)
            endpoint_filter.ENDPOINTS.forget(connection, endpoint.id)
            self._parts.note(connection, call.context, "endpoint.delete", endpoint.id)

        self._parts.run(write)
        return empty_reply()

    def _endpoint(self, call: ApiCall, operation: str) -> Endpoint:
        return load(self._parts, call, operation, endpoints, "endpoint_id")


def _check_service(connection: Connection, service_id: str) -> None:
    if services.find(connection, service_id) is None:
        raise BadRequest(f"service_id: there is no service {service_id}")


def _check_region(connection: Connection, region_id: str, may_make: bool) -> None:
    if not region_id or regions.find(connection, region_id) is not None:
        return
    if not may_make:
        raise BadRequest(f"region_id: there is no region {region_id}")
    regions.insert(connection, Region(region_id, "", "", {}))
