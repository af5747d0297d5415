"""The tables of what has happened: tokens revoked, and events."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Instant, table
from compute.core.sql.event_log import event_table
from compute.identity.tables.frame import metadata

revocations = table(
    "identity_revocations",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(160), nullable=False),
    sa.Column("issued_before", Instant(), nullable=False),
    sa.Column("revoked_at", Instant(), nullable=False, index=True),
)

events = event_table("identity", metadata)
