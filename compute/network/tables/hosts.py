"""What hosts say of themselves, and what they are told."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.core.sql.event_log import event_table
from compute.network.columns import Address, Word, flag, moment, text
from compute.network.tables.frame import metadata

# A host's name, which has 255, and what kind of subject it is.
SUBJECT_CHARACTERS = 300

agents = table(
    "network_agents",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("host", Name(), nullable=False, unique=True),
    moment("created_at"),
    moment("started_at"),
    moment("heartbeat_at"),
    flag("admin_up"),
    text("description", Name()),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("problem", sa.Text(), nullable=False),
)

# Where a host's tunnels end; of agents that have said so.
tunnels = table(
    "network_tunnels",
    metadata,
    sa.Column("host", Name(), primary_key=True),
    text("address", Address),
    text("public_key"),
)

# How many changes there have been, and a few things that are done once.
counters = table(
    "network_counters",
    metadata,
    sa.Column("name", Word, primary_key=True),
    sa.Column("value", sa.BigInteger(), nullable=False),
)

# The newest change that concerned a subject (``frame/subjects.py``): hosts' views are
# as new as the newest of theirs.
changes = table(
    "network_changes",
    metadata,
    sa.Column("subject", sa.String(SUBJECT_CHARACTERS), primary_key=True),
    sa.Column("revision", sa.BigInteger(), nullable=False),
)

events = event_table("network", metadata)
