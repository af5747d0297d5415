"""Address groups, the rules that new security groups begin with, pools' quotas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0004"
down_revision = "network_0003"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

# What groups began with before there was a table: all may leave, and the members of a
# project's default group may come to each other.
BEGINNINGS = (
    ("00000000-0000-4000-8000-000000000001", "egress", "IPv4", "", True),
    ("00000000-0000-4000-8000-000000000002", "egress", "IPv6", "", True),
    ("00000000-0000-4000-8000-000000000003", "ingress", "IPv4", "PARENT", False),
    ("00000000-0000-4000-8000-000000000004", "ingress", "IPv6", "PARENT", False),
)


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
    """Make the tables, and the rules there were."""
    op.create_table(
        "network_address_groups",
        *_resource(),
        sa.Column("addresses", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    rules = op.create_table(
        "network_default_rules",
        *_resource(),
        sa.Column("direction", sa.String(64), nullable=False),
        sa.Column("ethertype", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("port_min", sa.Integer(), nullable=True),
        sa.Column("port_max", sa.Integer(), nullable=True),
        sa.Column("remote_prefix", sa.String(64), nullable=False),
        sa.Column("remote_group_id", sa.String(64), nullable=False),
        sa.Column("remote_address_group_id", sa.String(64), nullable=False),
        sa.Column("in_default", sa.Boolean(), nullable=False),
        sa.Column("in_others", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
    op.bulk_insert(
        rules,
        [
            {
                "id": identifier,
                "project_id": "",
                "name": "",
                "description": "",
                "revision": 0,
                "created_at": float(place),
                "updated_at": float(place),
                "direction": direction,
                "ethertype": ethertype,
                "protocol": "",
                "port_min": None,
                "port_max": None,
                "remote_prefix": "",
                "remote_group_id": remote,
                "remote_address_group_id": "",
                "in_default": True,
                "in_others": in_others,
            }
            for place, (identifier, direction, ethertype, remote, in_others) in (
                enumerate(BEGINNINGS)
            )
        ],
    )
    op.add_column(
        "network_subnet_pools", sa.Column("quota", sa.Integer(), nullable=True)
    )
    op.add_column(
        "network_security_rules",
        sa.Column(
            "remote_address_group_id",
            sa.String(64),
            nullable=False,
            server_default="",
        ),
    )
    op.create_index(
        op.f("ix_network_security_rules_remote_address_group_id"),
        "network_security_rules",
        ["remote_address_group_id"],
    )
