"""Rules of QoS policies on how many packets pass."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0015"
down_revision = "network_0014"
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
        "network_packet_rate_rules",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column(
            "policy_id",
            sa.String(64),
            sa.ForeignKey("network_qos_policies.id"),
            nullable=False,
        ),
        sa.Column("max_kpps", sa.Integer(), nullable=False),
        sa.Column("max_burst_kpps", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(64), nullable=False),
        sa.UniqueConstraint(
            "policy_id", "direction", name="network_packet_rate_rules_direction"
        ),
        **OPTIONS,
    )
