"""Federation's tables as records, and who came by whom."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import portions
from compute.identity import tables
from compute.identity.federation.model import (
    AttributeMapping,
    IdentityProvider,
    Protocol,
    ServiceProvider,
)
from compute.identity.store.records import Records

identity_providers = Records(
    tables.identity_providers, IdentityProvider, "identity provider"
)
mappings = Records(tables.mappings, AttributeMapping, "mapping")
protocols = Records(tables.protocols, Protocol, "protocol")
service_providers = Records(
    tables.service_providers, ServiceProvider, "service provider"
)


def remote_ids_of(
    connection: Connection, provider_ids: Iterable[str]
) -> dict[str, list[str]]:
    """What each of the providers calls itself."""
    wanted, rows = sorted(set(provider_ids)), tables.remote_ids.c
    found: dict[str, list[str]] = {key: [] for key in wanted}
    for part in portions(wanted):
        statement = sa.select(rows.provider_id, rows.remote_id).where(
            rows.provider_id.in_(part)
        )
        for provider_id, remote_id in connection.execute(
            statement.order_by(rows.remote_id)
        ):
            found[provider_id].append(remote_id)
    return found


def enabled_service_providers(connection: Connection) -> list[dict[str, str]]:
    """As tokens show them."""
    rows = tables.service_providers.c
    return [
        {"id": each.id, "auth_url": each.auth_url, "sp_url": each.sp_url}
        for each in service_providers.where(connection, rows.enabled.is_(True))
    ]


def user_ids_of(
    connection: Connection, provider_id: str, protocol_id: str = ""
) -> list[str]:
    """The users whom a provider, or one of its protocols, knows."""
    rows = tables.federated_users.c
    statement = sa.select(rows.user_id).where(rows.provider_id == provider_id)
    if protocol_id:
        statement = statement.where(rows.protocol_id == protocol_id)
    return sorted(set(connection.execute(statement).scalars()))


def identities_of(connection: Connection, user_id: str) -> list[tuple[str, str, str]]:
    """By which (provider, protocol, unique id) the user comes."""
    rows = tables.federated_users.c
    statement = sa.select(rows.provider_id, rows.protocol_id, rows.unique_id)
    found = connection.execute(statement.where(rows.user_id == user_id))
    return sorted((row[0], row[1], row[2]) for row in found)
