"""Holds: deleted images whose bytes hosts' disks still read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "image_0002"
down_revision = "image_0001"
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
        "image_holds",
        sa.Column("image_id", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(255), primary_key=True),
        sa.Column("until", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index("image_holds_by_holder", "image_holds", ["holder"])
    op.create_index("image_holds_by_end", "image_holds", ["until"])
