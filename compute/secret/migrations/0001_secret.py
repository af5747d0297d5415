"""The key manager's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "secret_0001"
down_revision = None
branch_labels = ("secret",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _secrets()
    _containers()
    _readers()
    _consumers()
    _orders()
    _quotas()


def _access() -> list[sa.Column[Any]]:
    return [
        sa.Column("project_access", sa.Boolean(), nullable=False),
        sa.Column("access_created_at", sa.Double(), nullable=True),
        sa.Column("access_changed_at", sa.Double(), nullable=True),
    ]


def _secrets() -> None:
    op.create_table(
        "secret_secrets",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("creator_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("secret_type", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(255), nullable=False),
        sa.Column("bit_length", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("content_type", sa.String(64), nullable=False),
        sa.Column("user_metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        *_access(),
        **OPTIONS,
    )
    for name in ("project_id", "expires_at"):
        op.create_index(f"ix_secret_secrets_{name}", "secret_secrets", [name])
    op.create_table(
        "secret_payloads",
        sa.Column("secret_id", sa.String(64), primary_key=True),
        sa.Column(
            "sealed",
            sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"),
            nullable=False,
        ),
        **OPTIONS,
    )


def _containers() -> None:
    op.create_table(
        "secret_containers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("creator_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        *_access(),
        **OPTIONS,
    )
    op.create_index(
        "ix_secret_containers_project_id", "secret_containers", ["project_id"]
    )
    op.create_table(
        "secret_members",
        sa.Column("container_id", sa.String(64), primary_key=True),
        sa.Column("secret_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_secret_members_secret_id", "secret_members", ["secret_id"])


def _readers() -> None:
    op.create_table(
        "secret_readers",
        sa.Column("subject_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
        **OPTIONS,
    )
    op.create_index("ix_secret_readers_user_id", "secret_readers", ["user_id"])


def _consumers() -> None:
    op.create_table(
        "secret_consumers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("service", sa.String(255), nullable=False),
        sa.Column("resource_type", sa.String(255), nullable=False),
        sa.Column("resource_id", sa.String(500), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    for name in ("subject_id", "project_id"):
        op.create_index(f"ix_secret_consumers_{name}", "secret_consumers", [name])


def _orders() -> None:
    op.create_table(
        "secret_orders",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("creator_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("secret_id", sa.String(64), nullable=False),
        sa.Column("container_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_secret_orders_project_id", "secret_orders", ["project_id"])


def _quotas() -> None:
    op.create_table(
        "secret_quotas",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("secrets", sa.Integer(), nullable=True),
        sa.Column("orders", sa.Integer(), nullable=True),
        sa.Column("containers", sa.Integer(), nullable=True),
        sa.Column("consumers", sa.Integer(), nullable=True),
        **OPTIONS,
    )
