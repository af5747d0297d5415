"""Flavors, their profiles, and the load balancers that have one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "balancer_0005"
down_revision = "balancer_0004"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "balancer_flavor_profiles",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "balancer_flavors",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "profile_id",
            sa.String(64),
            sa.ForeignKey("balancer_flavor_profiles.id"),
            nullable=False,
        ),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.add_column(
        "balancer_balancers",
        sa.Column("flavor_id", sa.String(64), nullable=False, server_default=""),
    )
    op.add_column(
        "balancer_balancers",
        sa.Column("connections_max", sa.Integer(), nullable=False, server_default="0"),
    )
