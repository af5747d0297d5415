"""The tables of identity providers, and of the people who came by them."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table
from compute.identity.tables.frame import flag, metadata, text_type

identity_providers = table(
    "identity_providers",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    flag("enabled"),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("domain_id", Id(), nullable=False, index=True),
    # Minutes; NULL: as long as a token lives.
    sa.Column("authorization_ttl", sa.Integer(), nullable=True),
)

# What providers call themselves: each name is one provider's.
remote_ids = table(
    "identity_remote_ids",
    metadata,
    sa.Column("remote_id", Name(), primary_key=True),
    sa.Column("provider_id", Id(), nullable=False, index=True),
)

mappings = table(
    "identity_mappings",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("schema_version", sa.String(16), nullable=False),
    sa.Column("rules", sa.JSON(), nullable=False),
)

# The id is "PROVIDER/NAME".
protocols = table(
    "identity_protocols",
    metadata,
    sa.Column("id", sa.String(160), primary_key=True),
    sa.Column("provider_id", Id(), nullable=False, index=True),
    sa.Column("name", Id(), nullable=False),
    sa.Column("mapping_id", Id(), nullable=False),
    sa.Column("remote_id_attribute", Id(), nullable=True),
)

service_providers = table(
    "identity_service_providers",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    flag("enabled"),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("auth_url", Name(), nullable=False),
    sa.Column("sp_url", Name(), nullable=False),
    sa.Column("relay_state_prefix", Name(), nullable=False),
)

# Who a provider's people are here.
federated_users = table(
    "identity_federated_users",
    metadata,
    sa.Column("provider_id", Id(), primary_key=True),
    sa.Column("protocol_id", Id(), primary_key=True),
    sa.Column("unique_id", Name(), primary_key=True),
    sa.Column("user_id", Id(), nullable=False, index=True),
)

# Memberships that a sign-in brought, until the moment ``ends_at``.
federated_memberships = table(
    "identity_federated_memberships",
    metadata,
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("group_id", Id(), primary_key=True, index=True),
    sa.Column("provider_id", Id(), nullable=False, index=True),
    sa.Column("ends_at", Instant(), nullable=False, index=True),
)
