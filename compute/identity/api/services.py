"""``/v3/services``."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
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
from compute.identity.model import Service
from compute.identity.parts import Parts
from compute.identity.store import endpoint_filter
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import (
    endpoints,
    limits,
    registered_limits,
    services,
)
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "type": shapes.NAME,
    "name": {"type": "string", "maxLength": 255},
    "description": shapes.TEXT,
    "enabled": shapes.FLAG,
}
_CREATE = shapes.body("service", _PROPERTIES, ["type"])
_UPDATE = shapes.body("service", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)


def service_document(call: ApiCall, service: Service) -> Document:
    """The service as the API shows it."""
    document: Document = {
        **service.extra,
        "id": service.id,
        "type": service.type,
        "name": service.name,
        "enabled": service.enabled,
    }
    if service.description is not None:
        document["description"] = service.description
    return linked(call, f"services/{service.id}", document)


class ServicesApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/services", self.list),
            Route("POST", "/v3/services", self.create),
            Route("GET", "/v3/services/{service_id}", self.show),
            Route("PATCH", "/v3/services/{service_id}", self.update),
            Route("DELETE", "/v3/services/{service_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The services, filtered."""
        self._parts.enforce(call.context, "identity:list_services", {})
        rows = tables.services.c
        conditions = text_conditions(call.query, {"name": rows.name, "type": rows.type})
        return page_reply(
            self._parts,
            call,
            "services",
            services,
            conditions,
            service_document,
            sortable=("id", "name", "type"),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new service."""
        self._parts.enforce(call.context, "identity:create_service", {})
        wanted = call.json(_CREATE)["service"]
        service = Service(
            self._parts.identifiers.hexadecimal(),
            wanted["type"],
            wanted.get("name", ""),
            wanted.get("description"),
            wanted.get("enabled", True),
            without(wanted, _KNOWN),
        )

        def write(connection: Connection) -> None:
            services.insert(connection, service)
            self._parts.note(connection, call.context, "service.create", service.id)

        self._parts.run(write)
        return one(201, "service", service_document(call, service))

    def show(self, call: ApiCall) -> Reply:
        """One service."""
        service = self._service(call, "get_service")
        return one(200, "service", service_document(call, service))

    def update(self, call: ApiCall) -> Reply:
        """Change a service."""
        service = self._service(call, "update_service")
        wanted = changes_of(call, _UPDATE, "service", service.id)
        values = {name: wanted[name] for name in _KNOWN if name in wanted}

        def write(connection: Connection) -> Service:
            self._parts.note(connection, call.context, "service.update", service.id)
            extra = without(wanted, _KNOWN)
            return services.update(connection, service.id, values, extra)

        return one(200, "service", service_document(call, self._parts.run(write)))

    def delete(self, call: ApiCall) -> Reply:
        """Take a service away, with its endpoints and limits."""
        service = self._service(call, "delete_service")

        def write(connection: Connection) -> None:
            services.remove(connection, service.id)
            gone = endpoints.table.c.service_id == service.id
            for endpoint in endpoints.where(connection, gone):
                endpoint_filter.ENDPOINTS.forget(connection, endpoint.id)
            for records in (endpoints, registered_limits, limits):
                of_service = records.table.c.service_id == service.id
                connection.execute(records.table.delete().where(of_service))
            self._parts.note(connection, call.context, "service.delete", service.id)

        self._parts.run(write)
        return empty_reply()

    def _service(self, call: ApiCall, operation: str) -> Service:
        return load(self._parts, call, operation, services, "service_id")
