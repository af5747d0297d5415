"""Ports of floating IPs that lead to guests' own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0005"
down_revision = "network_0004"
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
        "network_port_forwardings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column(
            "floating_ip_id",
            sa.String(64),
            sa.ForeignKey("network_floating_ips.id"),
            nullable=False,
        ),
        sa.Column("port_id", sa.String(64), nullable=False, index=True),
        sa.Column("fixed_address", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("outer_first", sa.Integer(), nullable=False),
        sa.Column("outer_last", sa.Integer(), nullable=False),
        sa.Column("inner_first", sa.Integer(), nullable=False),
        sa.Column("inner_last", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "floating_ip_id",
            "protocol",
            "outer_first",
            name="network_port_forwardings_outer",
        ),
        **OPTIONS,
    )
