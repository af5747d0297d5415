"""``/v3/OS-FEDERATION/service_providers``: kept for clients that list them; nothing is
signed for another cloud."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import Conflict
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.api import federation_shapes
from compute.identity.api.identity_providers import key_of
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import Document, changes_of, linked, one
from compute.identity.federation.model import ServiceProvider
from compute.identity.federation.subjects import service_providers
from compute.identity.parts import Parts
from compute.identity.store.filters import flag_condition, text_conditions
from objectstore.kernel.reply import Reply

SERVICE_PROVIDERS = "OS-FEDERATION/service_providers"
_AT = f"/v3/{SERVICE_PROVIDERS}"
# What clients put before the state that they hand on, by SAML's habit.
RELAY_STATE_PREFIX = "ss:mem:"


class ServiceProvidersApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _AT, self.list),
            Route("PUT", f"{_AT}/{{service_provider_id}}", self.create),
            Route("GET", f"{_AT}/{{service_provider_id}}", self.show),
            Route("PATCH", f"{_AT}/{{service_provider_id}}", self.update),
            Route("DELETE", f"{_AT}/{{service_provider_id}}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The service providers, filtered."""
        self._parts.enforce(call.context, "identity:list_service_providers", {})
        rows = tables.service_providers.c
        conditions = text_conditions(call.query, {"id": rows.id})
        conditions += flag_condition(call.query, "enabled", rows.enabled)
        return page_reply(
            self._parts,
            call,
            "service_providers",
            service_providers,
            conditions,
            _document,
            sortable=("id",),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new one of the path's id."""
        self._parts.enforce(call.context, "identity:create_service_provider", {})
        key = key_of(call, "service_provider_id")
        wanted = changes_of(
            call, federation_shapes.NEW_SERVICE_PROVIDER, "service_provider", key
        )
        made = ServiceProvider(
            key,
            wanted.get("enabled", False),
            wanted.get("description"),
            wanted["auth_url"],
            wanted["sp_url"],
            wanted.get("relay_state_prefix") or RELAY_STATE_PREFIX,
        )

        def write(connection: Connection) -> None:
            service_providers.insert(connection, made)
            self._parts.note(connection, call.context, "service_provider.create", key)

        try:
            self._parts.run(write)
        except Duplicate:
            raise Conflict(f"There is a service provider {key} already.") from None
        return one(201, "service_provider", _document(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        found = self._found(call, "get_service_provider")
        return one(200, "service_provider", _document(call, found))

    def update(self, call: ApiCall) -> Reply:
        """Change one."""
        found = self._found(call, "update_service_provider")
        values = changes_of(
            call, federation_shapes.SERVICE_PROVIDER, "service_provider", found.id
        )
        values.pop("id", None)
        if "relay_state_prefix" in values:
            values["relay_state_prefix"] = (
                values["relay_state_prefix"] or RELAY_STATE_PREFIX
            )

        def write(connection: Connection) -> ServiceProvider:
            kind = "service_provider.update"
            self._parts.note(connection, call.context, kind, found.id)
            return service_providers.update(connection, found.id, values)

        changed = self._parts.run(write)
        return one(200, "service_provider", _document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take one away."""
        found = self._found(call, "delete_service_provider")

        def write(connection: Connection) -> None:
            service_providers.remove(connection, found.id)
            kind = "service_provider.delete"
            self._parts.note(connection, call.context, kind, found.id)

        self._parts.run(write)
        return empty_reply()

    def _found(self, call: ApiCall, operation: str) -> ServiceProvider:
        return load(
            self._parts, call, operation, service_providers, "service_provider_id"
        )


def _document(call: ApiCall, provider: ServiceProvider) -> Document:
    document = {
        "id": provider.id,
        "enabled": provider.enabled,
        "description": provider.description,
        "auth_url": provider.auth_url,
        "sp_url": provider.sp_url,
        "relay_state_prefix": provider.relay_state_prefix,
    }
    return linked(call, f"{SERVICE_PROVIDERS}/{provider.id}", document)
