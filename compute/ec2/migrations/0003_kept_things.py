"""Things that this API keeps by itself: network ACLs, DHCP options."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "ec2_0003"
down_revision = "ec2_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ec2_kept_things",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("vpc", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("client_token", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
