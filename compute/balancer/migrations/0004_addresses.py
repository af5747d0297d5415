"""Load balancers have more addresses than one, and groups of their projects' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "balancer_0004"
down_revision = "balancer_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has any yet."""
    for name in ("additional_vips", "vip_sg_ids"):
        op.add_column("balancer_balancers", sa.Column(name, sa.JSON(), nullable=True))
