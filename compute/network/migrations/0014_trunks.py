"""Trunks, and the ports that are theirs by a VLAN id."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0014"
down_revision = "network_0013"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "network_trunks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column(
            "port_id", sa.String(64), sa.ForeignKey("network_ports.id"), nullable=False
        ),
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.UniqueConstraint("port_id", name="network_trunks_port"),
        **OPTIONS,
    )
    op.create_table(
        "network_subports",
        sa.Column(
            "port_id",
            sa.String(64),
            sa.ForeignKey("network_ports.id"),
            primary_key=True,
        ),
        sa.Column(
            "trunk_id",
            sa.String(64),
            sa.ForeignKey("network_trunks.id"),
            nullable=False,
        ),
        sa.Column("vlan", sa.Integer(), nullable=False),
        sa.UniqueConstraint("trunk_id", "vlan", name="network_subports_vlan"),
        **OPTIONS,
    )
