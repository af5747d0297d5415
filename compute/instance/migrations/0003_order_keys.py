"""Orders that are sent twice, known by the rows that they make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "instance_0003"
down_revision = "instance_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; of servers that are there it is not known, and need not be."""
    op.add_column(
        "instance_servers", sa.Column("order_key", sa.String(80), nullable=True)
    )
    op.create_index(
        "instance_servers_by_order", "instance_servers", ["order_key"], unique=True
    )
