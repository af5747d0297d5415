"""Where an attachment leads while a volume in use moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "volume_0008"
down_revision = "volume_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All lead to where their volume is."""
    op.add_column(
        "volume_attachments",
        sa.Column("volume_host", sa.String(255), nullable=False, server_default=""),
    )
