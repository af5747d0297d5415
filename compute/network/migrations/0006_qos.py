"""QoS policies, their rules, and who has them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0006"
down_revision = "network_0005"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
USERS = ("network_networks", "network_ports", "network_floating_ips")


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


def _policy() -> sa.Column[Any]:
    return sa.Column(
        "policy_id",
        sa.String(64),
        sa.ForeignKey("network_qos_policies.id"),
        nullable=False,
    )


def upgrade() -> None:
    """Make the tables and the columns."""
    op.create_table(
        "network_qos_policies",
        *_resource(),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_bandwidth_rules",
        *_resource(),
        _policy(),
        sa.Column("max_kbps", sa.Integer(), nullable=False),
        sa.Column("max_burst_kbps", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(64), nullable=False),
        sa.UniqueConstraint(
            "policy_id", "direction", name="network_bandwidth_rules_direction"
        ),
        **OPTIONS,
    )
    op.create_table(
        "network_dscp_rules",
        *_resource(),
        _policy(),
        sa.Column("dscp_mark", sa.Integer(), nullable=False),
        sa.UniqueConstraint("policy_id", name="network_dscp_rules_policy"),
        **OPTIONS,
    )
    for name in USERS:
        op.add_column(
            name,
            sa.Column(
                "qos_policy_id", sa.String(64), nullable=False, server_default=""
            ),
        )
        op.create_index(op.f(f"ix_{name}_qos_policy_id"), name, ["qos_policy_id"])
