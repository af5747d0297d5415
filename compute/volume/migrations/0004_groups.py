"""Groups of volumes, their types, and snapshots of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "volume_0004"
down_revision = "volume_0003"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
MEMBERS = (
    ("volume_volumes", "group_id", "volume_volumes_by_group"),
    ("volume_snapshots", "group_snapshot_id", "volume_snapshots_by_group"),
)


def upgrade() -> None:
    """No volume is in a group yet."""
    for name, column, index in MEMBERS:
        op.add_column(
            name, sa.Column(column, sa.String(64), nullable=False, server_default="")
        )
        op.create_index(index, name, [column])
    op.create_table(
        "volume_group_types",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("group_specs", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "volume_groups",
        *_owned(),
        sa.Column("group_type_id", sa.String(64), nullable=False),
        sa.Column("type_ids", sa.JSON(), nullable=False),
        sa.Column("availability_zone", sa.String(255), nullable=False),
        sa.Column("group_snapshot_id", sa.String(64), nullable=False),
        sa.Column("source_group_id", sa.String(64), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "volume_group_snapshots",
        *_owned(),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("group_type_id", sa.String(64), nullable=False),
        **OPTIONS,
    )
    for name in ("volume_groups", "volume_group_snapshots"):
        op.create_index(f"{name}_by_project", name, ["project_id", "created_at"])
    op.create_index("volume_groups_by_type", "volume_groups", ["group_type_id"])
    op.create_index(
        "volume_group_snapshots_by_group", "volume_group_snapshots", ["group_id"]
    )


def _owned() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    ]
