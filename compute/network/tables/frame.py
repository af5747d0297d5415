"""What the room's tables have in common."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.network.columns import moment, whole

metadata = sa.MetaData()


def resource(name: str, *columns: Any) -> sa.Table:
    """A table of things that the API shows, with what all of them have."""
    return table(
        f"network_{name}",
        metadata,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("project_id", Id(), nullable=False, index=True),
        sa.Column("name", Name(), nullable=False),
        sa.Column("description", Name(), nullable=False),
        whole("revision"),
        moment("created_at"),
        moment("updated_at"),
        *columns,
    )


def policy() -> sa.Column[str]:
    """The QoS policy that a thing has."""
    return sa.Column(
        "qos_policy_id", Id(), nullable=False, index=True, server_default=""
    )
