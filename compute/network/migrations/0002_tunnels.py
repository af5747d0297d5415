"""Networks that reach across hosts, and ports that are about to move."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0002"
down_revision = "network_0001"
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
        "network_tunnels",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("address", sa.String(64), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_segments",
        sa.Column("network_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False, unique=True),
        **OPTIONS,
    )
    op.create_table(
        "network_bindings",
        sa.Column("port_id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False, index=True),
        sa.Column("wired", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
