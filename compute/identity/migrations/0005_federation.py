"""Identity providers, and the people who come by them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "identity_0005"
down_revision = "identity_0004"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables; nobody of before came from a provider."""
    op.add_column(
        "identity_users",
        sa.Column(
            "identity_provider_id", sa.String(64), nullable=False, server_default=""
        ),
    )
    op.create_table(
        "identity_providers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("domain_id", sa.String(64), nullable=False, index=True),
        sa.Column("authorization_ttl", sa.Integer(), nullable=True),
        **OPTIONS,
    )
    op.create_table(
        "identity_remote_ids",
        sa.Column("remote_id", sa.String(255), primary_key=True),
        sa.Column("provider_id", sa.String(64), nullable=False, index=True),
        **OPTIONS,
    )
    op.create_table(
        "identity_mappings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("schema_version", sa.String(16), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "identity_protocols",
        sa.Column("id", sa.String(160), primary_key=True),
        sa.Column("provider_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("mapping_id", sa.String(64), nullable=False),
        sa.Column("remote_id_attribute", sa.String(64), nullable=True),
        **OPTIONS,
    )
    op.create_table(
        "identity_service_providers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("auth_url", sa.String(255), nullable=False),
        sa.Column("sp_url", sa.String(255), nullable=False),
        sa.Column("relay_state_prefix", sa.String(255), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "identity_federated_users",
        sa.Column("provider_id", sa.String(64), primary_key=True),
        sa.Column("protocol_id", sa.String(64), primary_key=True),
        sa.Column("unique_id", sa.String(255), primary_key=True),
        sa.Column("user_id", sa.String(64), nullable=False, index=True),
        **OPTIONS,
    )
    op.create_table(
        "identity_federated_memberships",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("group_id", sa.String(64), primary_key=True, index=True),
        sa.Column("provider_id", sa.String(64), nullable=False, index=True),
        sa.Column("ends_at", sa.Double(), nullable=False, index=True),
        **OPTIONS,
    )
