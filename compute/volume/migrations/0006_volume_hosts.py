"""Volumes that move between hosts, what hosts say of themselves, and whose jobs are
whose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "volume_0006"
down_revision = "volume_0005"
branch_labels = None
depends_on = None

QUEUE_BEFORE, QUEUE_OF = "@volume-host", "volumes@"
SERVICES = sa.table(
    "volume_services", sa.column("host", sa.String), sa.column("last_seen", sa.Double)
)
JOBS = sa.table("volume_jobs", sa.column("queue", sa.String))
VOLUMES = sa.table("volume_volumes", sa.column("host", sa.String))


def upgrade() -> None:
    """Nothing moves yet.  There was one host, whose name its jobs did not say, and
    which had all volumes, also those that it made when it was called otherwise."""
    op.add_column(
        "volume_volumes",
        sa.Column("migration_status", sa.String(32), nullable=False, server_default=""),
    )
    for column in (
        sa.Column("backend", sa.String(255), nullable=False, server_default="files"),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("free_bytes", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("volume_services", column)
    newest = sa.select(SERVICES.c.host).order_by(SERVICES.c.last_seen.desc()).limit(1)
    host = op.get_bind().execute(newest).scalar()
    if host:
        theirs = sa.update(JOBS).where(JOBS.c.queue == QUEUE_BEFORE)
        op.execute(theirs.values(queue=QUEUE_OF + host))
        placed = sa.update(VOLUMES).where(VOLUMES.c.host != "")
        op.execute(placed.values(host=host))
