"""The table of the projects that snapshots are shared with."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, table
from compute.volume.tables import METADATA

SHARES = table(
    "volume_snapshot_shares",
    METADATA,
    sa.Column("snapshot_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), primary_key=True),
    sa.Index("volume_snapshot_shares_by_project", "project_id"),
)
