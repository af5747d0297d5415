"""Tags of key pairs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "ec2_0002"
down_revision = "ec2_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ec2_key_pair_tags",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(255), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
