"""Sealed trusts, which are longer, and trusts that may have been made."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "orchestration_0002"
down_revision = "orchestration_0001"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "orchestration_trust_attempts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "ix_orchestration_trust_attempts_created_at",
        "orchestration_trust_attempts",
        ["created_at"],
    )
    with op.batch_alter_table("orchestration_stacks") as stacks:
        stacks.alter_column(
            "trust_id",
            existing_type=sa.String(64),
            type_=sa.String(255),
            existing_nullable=False,
        )
