"""A port may be a listener of TCP and another of UDP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "balancer_0002"
down_revision = "balancer_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All that there are serve TCP.  The new index comes before the old one goes: where
    it is a foreign key's, too, the database keeps one of them."""
    transport = sa.Column(
        "transport", sa.String(64), nullable=False, server_default="tcp"
    )
    with op.batch_alter_table("balancer_listeners") as listeners:
        listeners.add_column(transport)
        listeners.create_unique_constraint(
            "balancer_listeners_place", ["balancer_id", "port", "transport"]
        )
        listeners.drop_constraint("balancer_listeners_port", type_="unique")
