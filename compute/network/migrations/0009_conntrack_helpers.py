"""Routers have helpers for connections that agree upon others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0009"
down_revision = "network_0008"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "network_conntrack_helpers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column(
            "router_id",
            sa.String(64),
            sa.ForeignKey("network_routers.id"),
            nullable=False,
        ),
        sa.Column("helper", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "router_id", "protocol", "port", name="network_conntrack_helpers_port"
        ),
        **OPTIONS,
    )
