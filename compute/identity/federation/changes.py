"""Creating, changing and deleting identity providers, mappings and protocols.

Whatever lets fewer people in ends the tokens of those who came by it: rows are looked
at when a token is, and revocations outlive a provider that is made anew by that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict
from compute.core.sql.database import Connection, Duplicate
from compute.identity import tables
from compute.identity.changes.names import check_domain, taken, unless_taken
from compute.identity.changes.revoking import run_revoking
from compute.identity.changes.users import forget_user
from compute.identity.federation.model import (
    AttributeMapping,
    IdentityProvider,
    Protocol,
)
from compute.identity.federation.subjects import (
    identity_providers,
    mappings,
    protocols,
    user_ids_of,
)
from compute.identity.model import Project
from compute.identity.parts import Parts
from compute.identity.store.subjects import projects, users
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject


def create_provider(
    parts: Parts,
    context: RequestContext,
    provider: IdentityProvider,
    remote_ids: Iterable[str],
) -> IdentityProvider:
    """A new one; without a domain it gets one of its own."""
    domain_id = provider.domain_id or parts.identifiers.hexadecimal()
    made = IdentityProvider(
        provider.id,
        provider.enabled,
        provider.description,
        domain_id,
        provider.authorization_ttl,
    )

    def write(connection: Connection) -> IdentityProvider:
        if provider.domain_id:
            check_domain(connection, domain_id)
        else:
            text = f"Of the people of the identity provider {provider.id}"
            made_for = Project(domain_id, domain_id, is_domain=True, description=text)
            projects.insert(connection, made_for)
            parts.note(connection, context, "domain.create", domain_id)
        identity_providers.insert(connection, made)
        _set_remote_ids(connection, made.id, remote_ids)
        parts.note(connection, context, "identity_provider.create", made.id)
        return made

    try:
        return parts.run(write)
    except Duplicate:
        raise _taken(parts, "identity_provider", provider.id, remote_ids) from None


def update_provider(
    parts: Parts,
    context: RequestContext,
    provider: IdentityProvider,
    wanted: Mapping[str, Any],
) -> IdentityProvider:
    """Change it.  Disabling it ends the tokens of its people."""
    values = {
        name: wanted[name]
        for name in ("enabled", "description", "authorization_ttl")
        if name in wanted
    }
    remote_ids = wanted.get("remote_ids")

    def write(connection: Connection) -> tuple[IdentityProvider, list[Subject]]:
        changed = identity_providers.update(connection, provider.id, values)
        if remote_ids is not None:
            _set_remote_ids(connection, provider.id, remote_ids)
        facts = {"fields": sorted(wanted)}
        parts.note(connection, context, "identity_provider.update", provider.id, facts)
        ended = [] if changed.enabled else [_all_of(provider.id)]
        return changed, ended

    try:
        return run_revoking(parts, write)
    except Duplicate:
        raise _taken(
            parts, "identity_provider", provider.id, remote_ids or ()
        ) from None


def delete_provider(
    parts: Parts, context: RequestContext, provider: IdentityProvider
) -> None:
    """Take it away with its protocols and the people that it brought."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        ended = forget_provider(connection, provider.id)
        parts.note(connection, context, "identity_provider.delete", provider.id)
        return None, ended

    run_revoking(parts, write)


def forget_provider(connection: Connection, provider_id: str) -> list[Subject]:
    """Delete its row and every row that hangs on it; whose tokens end."""
    ended = _forget_people(connection, provider_id)
    for rows in (tables.remote_ids, tables.protocols, tables.federated_memberships):
        connection.execute(rows.delete().where(rows.c.provider_id == provider_id))
    identity_providers.remove(connection, provider_id)
    return [*ended, _all_of(provider_id)]


def create_mapping(
    parts: Parts, context: RequestContext, mapping: AttributeMapping
) -> AttributeMapping:
    """A new one."""

    def write(connection: Connection) -> AttributeMapping:
        mappings.insert(connection, mapping)
        parts.note(connection, context, "mapping.create", mapping.id)
        return mapping

    with unless_taken("mapping", mapping.id, by="ID"):
        return parts.run(write)


def update_mapping(
    parts: Parts,
    context: RequestContext,
    mapping: AttributeMapping,
    values: Mapping[str, Any],
) -> AttributeMapping:
    """Change it; what it says of somebody counts from when he signs in again."""

    def write(connection: Connection) -> AttributeMapping:
        parts.note(connection, context, "mapping.update", mapping.id)
        return mappings.update(connection, mapping.id, values)

    return parts.run(write)


def delete_mapping(
    parts: Parts, context: RequestContext, mapping: AttributeMapping
) -> None:
    """Take it away; nobody signs in by protocols that go by it."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        rows = tables.protocols.c
        found = protocols.where(connection, rows.mapping_id == mapping.id)
        mappings.remove(connection, mapping.id)
        parts.note(connection, context, "mapping.delete", mapping.id)
        return None, [Subject(revocation.PROTOCOL, each.id) for each in found]

    run_revoking(parts, write)


def create_protocol(
    parts: Parts, context: RequestContext, protocol: Protocol
) -> Protocol:
    """A new one, for a provider and a mapping that are there."""

    def write(connection: Connection) -> Protocol:
        identity_providers.get(connection, protocol.provider_id)
        _check_mapping(connection, protocol.mapping_id)
        protocols.insert(connection, protocol)
        parts.note(connection, context, "protocol.create", protocol.name)
        return protocol

    with unless_taken("protocol", protocol.name, by="ID"):
        return parts.run(write)


def update_protocol(
    parts: Parts,
    context: RequestContext,
    protocol: Protocol,
    values: Mapping[str, Any],
) -> Protocol:
    """Change it."""

    def write(connection: Connection) -> Protocol:
        if "mapping_id" in values:
            _check_mapping(connection, values["mapping_id"])
        parts.note(connection, context, "protocol.update", protocol.name)
        return protocols.update(connection, protocol.id, values)

    return parts.run(write)


def delete_protocol(parts: Parts, context: RequestContext, protocol: Protocol) -> None:
    """Take it away with the people that came by it."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        ended = _forget_people(connection, protocol.provider_id, protocol.name)
        protocols.remove(connection, protocol.id)
        parts.note(connection, context, "protocol.delete", protocol.name)
        return None, [*ended, Subject(revocation.PROTOCOL, protocol.id)]

    run_revoking(parts, write)


def _forget_people(
    connection: Connection, provider_id: str, protocol_id: str = ""
) -> list[Subject]:
    """Those who came from there go; users of our own lose only this way in."""
    known = user_ids_of(connection, provider_id, protocol_id)
    rows = tables.federated_users
    statement = rows.delete().where(rows.c.provider_id == provider_id)
    if protocol_id:
        statement = statement.where(rows.c.protocol_id == protocol_id)
    connection.execute(statement)
    for user in users.by_keys(connection, known).values():
        if user.identity_provider_id == provider_id:
            forget_user(connection, user.id)
    return [Subject(revocation.USER, user_id) for user_id in known]


def _set_remote_ids(
    connection: Connection, provider_id: str, remote_ids: Iterable[str]
) -> None:
    rows = tables.remote_ids
    connection.execute(rows.delete().where(rows.c.provider_id == provider_id))
    for remote_id in dict.fromkeys(remote_ids):
        values = {"remote_id": remote_id, "provider_id": provider_id}
        connection.execute(rows.insert().values(**values))


def _check_mapping(connection: Connection, mapping_id: str) -> None:
    if mappings.find(connection, mapping_id) is None:
        raise BadRequest(f"mapping_id: there is no mapping {mapping_id}")


def _all_of(provider_id: str) -> Subject:
    return Subject(revocation.PROVIDER, provider_id)


def _taken(parts: Parts, noun: str, key: str, remote_ids: Iterable[str]) -> Conflict:
    """Its id is taken, or one of its names."""
    wanted, rows = list(remote_ids), tables.remote_ids
    statement = rows.select().where(rows.c.remote_id.in_(wanted))
    others = [
        row.remote_id
        for row in parts.read(lambda connection: connection.execute(statement).all())
        if row.provider_id != key
    ]
    if others:
        return Conflict(f"remote_ids: another provider has {others[0]}")
    return taken(noun, key, by="ID")
