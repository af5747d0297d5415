"""Hosts tell the public keys that what goes to them is encrypted with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "network_0008"
down_revision = "network_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has told one yet."""
    op.add_column(
        "network_tunnels",
        sa.Column("public_key", sa.String(64), nullable=False, server_default=""),
    )
