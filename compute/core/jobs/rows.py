"""One job as it is stored: its record, and the table of a room's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table

PENDING, RUNNING, DONE, FAILED = "pending", "running", "done", "failed"
OPEN_STATES = (PENDING, RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """One job as stored.  ``arguments`` never change; ``progress`` is what its steps
    want to remember (JSON); ``step`` is the name of the last step done."""

    id: str
    kind: str
    queue: str
    subject_id: str
    state: str
    step: str
    undoing: bool
    arguments: Mapping[str, Any]
    progress: Mapping[str, Any]
    cancelled: bool
    attempts: int
    owner: str
    lease_until: float
    not_before: float
    created_at: float
    updated_at: float
    error: str = field(default="")


def job_table(room: str, metadata: sa.MetaData) -> sa.Table:
    """The table of a room's jobs."""
    return table(
        f"{room}_jobs",
        metadata,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("queue", Name(), nullable=False),
        sa.Column("subject_id", Id(), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", Name(), nullable=False, default=""),
        sa.Column("undoing", sa.Boolean(), nullable=False, default=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False, default=False),
        sa.Column("attempts", sa.Integer(), nullable=False, default=0),
        sa.Column("owner", Name(), nullable=False, default=""),
        sa.Column("lease_until", Instant(), nullable=False, default=0.0),
        sa.Column("not_before", Instant(), nullable=False, default=0.0),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, default=""),
        sa.Index(f"{room}_jobs_by_queue", "queue", "state", "created_at"),
    )
