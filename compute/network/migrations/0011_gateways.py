"""Routers' gateways have QoS policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "network_0011"
down_revision = "network_0010"
branch_labels = None
depends_on = None

TABLE, COLUMN = "network_routers", "qos_policy_id"


def upgrade() -> None:
    """None has one yet."""
    op.add_column(
        TABLE, sa.Column(COLUMN, sa.String(64), nullable=False, server_default="")
    )
    op.create_index(op.f(f"ix_{TABLE}_{COLUMN}"), TABLE, [COLUMN])
