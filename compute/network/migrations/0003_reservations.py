"""Ports that are promised to servers and made later."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0003"
down_revision = "network_0002"
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
        "network_port_reservations",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
