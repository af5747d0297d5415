"""Passcodes are good once; access keys of EC2 may change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "identity_0004"
down_revision = "identity_0003"
branch_labels = None
depends_on = None

TABLE = "identity_credentials"


def upgrade() -> None:
    """Add the columns; so far an EC2 key's id was the digest of its access key."""
    op.add_column(TABLE, sa.Column("access_digest", sa.String(64), nullable=True))
    op.add_column(TABLE, sa.Column("used_step", sa.BigInteger(), nullable=True))
    rows = sa.table(
        TABLE,
        *(sa.column(name, sa.String()) for name in ("id", "type", "access_digest")),
    )
    op.execute(
        sa.update(rows).where(rows.c.type == "ec2").values(access_digest=rows.c.id)
    )
    op.create_index(f"{TABLE}_access", TABLE, ["access_digest"], unique=True)
