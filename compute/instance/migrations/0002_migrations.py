"""Moves of servers between hosts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "instance_0002"
down_revision = "instance_0001"
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
        "instance_migrations",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("uuid", sa.String(64), nullable=False, unique=True),
        sa.Column("server_id", sa.String(64), nullable=False, index=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("dest", sa.String(255), nullable=False),
        sa.Column("old_flavor_id", sa.String(255), nullable=False),
        sa.Column("new_flavor_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False, index=True),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("hurried", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        **OPTIONS,
    )
