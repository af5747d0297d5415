"""Which projects snapshots are shared with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "volume_0007"
down_revision = "volume_0006"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """None is yet."""
    op.create_table(
        "volume_snapshot_shares",
        sa.Column("snapshot_id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), primary_key=True),
        **OPTIONS,
    )
    op.create_index(
        "volume_snapshot_shares_by_project", "volume_snapshot_shares", ["project_id"]
    )
