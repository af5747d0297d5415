"""Encrypted volumes: what types say of it, and whose key is which."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "volume_0003"
down_revision = "volume_0002"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
COLUMNS = (
    ("volume_volumes", "encryption_key_id"),
    ("volume_backups", "encryption_key_id"),
    ("volume_backups", "type_id"),
)


def upgrade() -> None:
    """No volume, backup or type is encrypted yet."""
    for name, column in COLUMNS:
        op.add_column(
            name, sa.Column(column, sa.String(64), nullable=False, server_default="")
        )
    op.create_table(
        "volume_type_encryptions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("encryption_id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(255), nullable=False),
        sa.Column("cipher", sa.String(255), nullable=True),
        sa.Column("key_size", sa.Integer(), nullable=True),
        sa.Column("control_location", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
