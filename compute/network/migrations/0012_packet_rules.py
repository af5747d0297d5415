"""Subnets have packet rules, and servers of time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "network_0012"
down_revision = "network_0011"
branch_labels = None
depends_on = None

TABLE = "network_subnets"
COLUMNS = ("packet_rules", "ntp_servers")


def upgrade() -> None:
    """None has any yet."""
    for name in COLUMNS:
        op.add_column(TABLE, sa.Column(name, sa.JSON(), nullable=True))
