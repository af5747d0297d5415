"""Floating IPs have names in the DNS, and ports a domain of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "network_0010"
down_revision = "network_0009"
branch_labels = None
depends_on = None

COLUMNS = (
    ("network_ports", "dns_domain"),
    ("network_floating_ips", "dns_name"),
    ("network_floating_ips", "dns_domain"),
)


def upgrade() -> None:
    """Add the columns."""
    for table, name in COLUMNS:
        op.add_column(
            table,
            sa.Column(name, sa.String(255), nullable=False, server_default=""),
        )
