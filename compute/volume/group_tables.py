"""The tables of groups."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table
from compute.volume.tables import METADATA


def _owned() -> list[sa.Column[object]]:
    return [
        sa.Column("id", Id(), primary_key=True),
        sa.Column("project_id", Id(), nullable=False, default=""),
        sa.Column("user_id", Id(), nullable=False, default=""),
        sa.Column("status", sa.String(32), nullable=False, default=""),
        sa.Column("name", Name(), nullable=False, default=""),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, default=1),
    ]


GROUP_TYPES = table(
    "volume_group_types",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False, unique=True),
    sa.Column("description", sa.Text(), nullable=True),
    sa.Column("is_public", sa.Boolean(), nullable=False, default=True),
    sa.Column("group_specs", sa.JSON(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Column("revision", sa.Integer(), nullable=False, default=1),
)

GROUPS = table(
    "volume_groups",
    METADATA,
    *_owned(),
    sa.Column("group_type_id", Id(), nullable=False),
    sa.Column("type_ids", sa.JSON(), nullable=False),
    sa.Column("availability_zone", Name(), nullable=False),
    sa.Column("group_snapshot_id", Id(), nullable=False, default=""),
    sa.Column("source_group_id", Id(), nullable=False, default=""),
    sa.Index("volume_groups_by_project", "project_id", "created_at"),
    sa.Index("volume_groups_by_type", "group_type_id"),
)

GROUP_SNAPSHOTS = table(
    "volume_group_snapshots",
    METADATA,
    *_owned(),
    sa.Column("group_id", Id(), nullable=False),
    sa.Column("group_type_id", Id(), nullable=False),
    sa.Index("volume_group_snapshots_by_project", "project_id", "created_at"),
    sa.Index("volume_group_snapshots_by_group", "group_id"),
)
