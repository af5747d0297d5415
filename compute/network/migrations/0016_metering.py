"""Meters of routers: labels and their rules."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0016"
down_revision = "network_0015"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def _resource() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
    ]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "network_metering_labels",
        *_resource(),
        sa.Column("shared", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_metering_rules",
        *_resource(),
        sa.Column(
            "label_id",
            sa.String(64),
            sa.ForeignKey("network_metering_labels.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("direction", sa.String(64), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("remote_prefix", sa.String(64), nullable=False),
        sa.Column("source_prefix", sa.String(64), nullable=False),
        sa.Column("destination_prefix", sa.String(64), nullable=False),
        **OPTIONS,
    )
