"""What changes concerned: hosts' views change only with what they show."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0013"
down_revision = "network_0012"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Nothing is noted of the changes before, which counts as: everything changed."""
    op.execute("DELETE FROM network_counters WHERE name = 'encrypted tunnels'")
    op.create_table(
        "network_changes",
        sa.Column("subject", sa.String(300), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        **OPTIONS,
    )
