"""``/v3/OS-FEDERATION/identity_providers`` and their protocols."""

from __future__ import annotations

import re

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import federation_shapes
from compute.identity.api.reading import load
from compute.identity.api.replies import (
    Document,
    changes_of,
    link,
    linked,
    one,
    page_of,
    paged,
    short,
)
from compute.identity.federation import changes
from compute.identity.federation.model import (
    KEY_PATTERN,
    IdentityProvider,
    Protocol,
    protocol_key,
)
from compute.identity.federation.subjects import (
    identity_providers,
    protocols,
    remote_ids_of,
)
from compute.identity.parts import Parts
from compute.identity.store.filters import flag_condition, text_conditions
from objectstore.kernel.reply import Reply

PROVIDERS = "OS-FEDERATION/identity_providers"
_AT = f"/v3/{PROVIDERS}"
_ONE = f"{_AT}/{{provider_id}}"


def key_of(call: ApiCall, parameter: str) -> str:
    """A new thing's id, which the caller chooses; ``BadRequest``."""
    key = call.parameters[parameter]
    if not re.fullmatch(KEY_PATTERN, key):
        raise BadRequest(
            f"{parameter}: at most 64 letters, digits and any of . _ ~ @ - are allowed"
        )
    return key


class IdentityProvidersApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _AT, self.list),
            Route("PUT", _ONE, self.create),
            Route("GET", _ONE, self.show),
            Route("PATCH", _ONE, self.update),
            Route("DELETE", _ONE, self.delete),
            Route("GET", f"{_ONE}/protocols", self.list_protocols),
            Route("PUT", f"{_ONE}/protocols/{{protocol_id}}", self.create_protocol),
            Route("GET", f"{_ONE}/protocols/{{protocol_id}}", self.show_protocol),
            Route("PATCH", f"{_ONE}/protocols/{{protocol_id}}", self.update_protocol),
            Route("DELETE", f"{_ONE}/protocols/{{protocol_id}}", self.delete_protocol),
        ]

    # ---- providers ---------------------------------------------------------------

    def list(self, call: ApiCall) -> Reply:
        """The providers, filtered."""
        self._parts.enforce(call.context, "identity:list_identity_providers", {})
        rows = tables.identity_providers.c
        conditions = text_conditions(call.query, {"id": rows.id})
        conditions += flag_condition(call.query, "enabled", rows.enabled)
        page = page_of(call, ("id",))

        def read(
            connection: Connection,
        ) -> tuple[list[IdentityProvider], dict[str, list[str]]]:
            found = identity_providers.page(connection, conditions, page)
            return found, remote_ids_of(connection, [each.id for each in found])

        found, names = self._parts.read(read)
        return paged(
            call,
            "identity_providers",
            page,
            found,
            lambda provider: _document(call, provider, names[provider.id]),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new provider of the path's id."""
        self._parts.enforce(call.context, "identity:create_identity_provider", {})
        key = key_of(call, "provider_id")
        wanted = changes_of(
            call, federation_shapes.NEW_PROVIDER, "identity_provider", key
        )
        provider = IdentityProvider(
            key,
            wanted.get("enabled", False),
            wanted.get("description"),
            wanted.get("domain_id") or "",
            wanted.get("authorization_ttl"),
        )
        names = wanted.get("remote_ids") or []
        made = changes.create_provider(self._parts, call.context, provider, names)
        return self._provider_reply(call, 201, made)

    def show(self, call: ApiCall) -> Reply:
        """One provider."""
        found = self._provider(call, "get_identity_provider")
        return self._provider_reply(call, 200, found)

    def update(self, call: ApiCall) -> Reply:
        """Change a provider."""
        provider = self._provider(call, "update_identity_provider")
        wanted = changes_of(
            call, federation_shapes.PROVIDER, "identity_provider", provider.id
        )
        if "remote_ids" in wanted:
            wanted["remote_ids"] = wanted["remote_ids"] or []
        changed = changes.update_provider(self._parts, call.context, provider, wanted)
        return self._provider_reply(call, 200, changed)

    def delete(self, call: ApiCall) -> Reply:
        """Take a provider away, with its people."""
        provider = self._provider(call, "delete_identity_provider")
        changes.delete_provider(self._parts, call.context, provider)
        return empty_reply()

    def _provider(self, call: ApiCall, operation: str) -> IdentityProvider:
        return load(self._parts, call, operation, identity_providers, "provider_id")

    def _provider_reply(
        self, call: ApiCall, status: int, provider: IdentityProvider
    ) -> Reply:
        names = self._parts.read(
            lambda connection: remote_ids_of(connection, [provider.id])
        )
        document = _document(call, provider, names[provider.id])
        return one(status, "identity_provider", document)

    # ---- protocols ---------------------------------------------------------------

    def list_protocols(self, call: ApiCall) -> Reply:
        """A provider's protocols."""
        provider = self._provider(call, "list_protocols")
        rows = tables.protocols.c
        found = self._parts.read(
            lambda connection: protocols.where(
                connection, rows.provider_id == provider.id
            )
        )
        return short(
            call, "protocols", [_protocol_document(call, each) for each in found]
        )

    def create_protocol(self, call: ApiCall) -> Reply:
        """A new protocol of the path's id."""
        self._parts.enforce(call.context, "identity:create_protocol", {})
        name = key_of(call, "protocol_id")
        wanted = changes_of(call, federation_shapes.NEW_PROTOCOL, "protocol", name)
        provider_id = call.parameters["provider_id"]
        protocol = Protocol(
            protocol_key(provider_id, name),
            provider_id,
            name,
            wanted["mapping_id"],
            wanted.get("remote_id_attribute"),
        )
        made = changes.create_protocol(self._parts, call.context, protocol)
        return one(201, "protocol", _protocol_document(call, made))

    def show_protocol(self, call: ApiCall) -> Reply:
        """One protocol."""
        found = self._protocol(call, "get_protocol")
        return one(200, "protocol", _protocol_document(call, found))

    def update_protocol(self, call: ApiCall) -> Reply:
        """Let it go by another mapping."""
        protocol = self._protocol(call, "update_protocol")
        wanted = changes_of(call, federation_shapes.PROTOCOL, "protocol", protocol.name)
        wanted.pop("id", None)
        changed = changes.update_protocol(self._parts, call.context, protocol, wanted)
        return one(200, "protocol", _protocol_document(call, changed))

    def delete_protocol(self, call: ApiCall) -> Reply:
        """Take a protocol away, with its people."""
        protocol = self._protocol(call, "delete_protocol")
        changes.delete_protocol(self._parts, call.context, protocol)
        return empty_reply()

    def _protocol(self, call: ApiCall, operation: str) -> Protocol:
        self._parts.enforce(call.context, f"identity:{operation}", {})
        name = call.parameters["protocol_id"]
        key = protocol_key(call.parameters["provider_id"], name)
        found = self._parts.read(lambda connection: protocols.find(connection, key))
        if found is None:
            raise NotFound(f"Could not find protocol: {name[:64]}.")
        return found


def _document(
    call: ApiCall, provider: IdentityProvider, remote_ids: list[str]
) -> Document:
    path = f"{PROVIDERS}/{provider.id}"
    document = linked(
        call,
        path,
        {
            "id": provider.id,
            "enabled": provider.enabled,
            "description": provider.description,
            "domain_id": provider.domain_id,
            "authorization_ttl": provider.authorization_ttl,
            "remote_ids": remote_ids,
        },
    )
    document["links"]["protocols"] = link(call, f"{path}/protocols")
    return document


def _protocol_document(call: ApiCall, protocol: Protocol) -> Document:
    provider = f"{PROVIDERS}/{protocol.provider_id}"
    document: Document = {"id": protocol.name, "mapping_id": protocol.mapping_id}
    if protocol.remote_id_attribute is not None:
        document["remote_id_attribute"] = protocol.remote_id_attribute
    document = linked(call, f"{provider}/protocols/{protocol.name}", document)
    document["links"]["identity_provider"] = link(call, provider)
    return document
