"""What listeners and pools have of TLS, and which secrets are entrusted to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "balancer_0003"
down_revision = "balancer_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has any yet."""
    for table in ("balancer_listeners", "balancer_pools"):
        op.add_column(table, sa.Column("tls", sa.JSON(), nullable=True))
    op.create_table(
        "balancer_trusts",
        sa.Column("balancer_id", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(255), primary_key=True),
        sa.Column("at", sa.Double(), nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
