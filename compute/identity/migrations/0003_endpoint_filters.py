"""Which endpoints a project's tokens show."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "identity_0003"
down_revision = "identity_0002"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "identity_endpoint_groups",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("filters", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    for name, key in (
        ("identity_endpoint_projects", "endpoint_id"),
        ("identity_endpoint_group_projects", "endpoint_group_id"),
    ):
        op.create_table(
            name,
            sa.Column(key, sa.String(64), primary_key=True),
            sa.Column("project_id", sa.String(64), primary_key=True, index=True),
            **OPTIONS,
        )
