"""Whether those by whom somebody came still let him in."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.federation.subjects import identity_providers
from compute.identity.model import User


def check_way_in(connection: Connection, provider_id: str, name: str) -> None:
    """``Unauthorized`` when the provider is disabled, or it, its protocol of that name
    or the mapping is gone."""
    _check(connection, provider_id, tables.protocols.c.name == name)


def check_any_way_in(connection: Connection, user: User) -> None:
    """The same of a user whom a provider brought, whatever he signs in with, when none
    of his ways in is left."""
    rows, known = tables.protocols.c, tables.federated_users.c
    names = sa.select(known.protocol_id).where(
        known.provider_id == user.identity_provider_id, known.user_id == user.id
    )
    _check(connection, user.identity_provider_id, rows.name.in_(names))


def _check(
    connection: Connection, provider_id: str, is_way: sa.ColumnElement[bool]
) -> None:
    provider = identity_providers.find(connection, provider_id)
    if provider is None or not provider.enabled:
        raise Unauthorized()
    rows = tables.protocols.c
    statement = (
        sa.select(rows.id)
        .join(tables.mappings, tables.mappings.c.id == rows.mapping_id)
        .where(rows.provider_id == provider_id, is_way)
        .limit(1)
    )
    if connection.execute(statement).first() is None:
        raise Unauthorized()


def groups_by_word_of(
    connection: Connection, user_id: str, provider_id: str, now: float = 0.0
) -> list[str]:
    """The groups that the user is in by the provider's word; without ``now`` also
    those whose time is over."""
    rows = tables.federated_memberships.c
    statement = sa.select(rows.group_id).where(
        rows.user_id == user_id, rows.provider_id == provider_id, rows.ends_at > now
    )
    return sorted(connection.execute(statement).scalars())
