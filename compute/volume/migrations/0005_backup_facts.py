"""What backups know of their volumes besides the bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "volume_0005"
down_revision = "volume_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Backups of before know nothing."""
    op.add_column("volume_backups", sa.Column("facts", sa.JSON(), nullable=True))
