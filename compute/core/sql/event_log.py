"""What happened, in the order in which it was committed: one log for each room.

An event is written in the transaction of the change that it tells of, so there is
never one without the other.  Readers (usage, notifications, instance actions) go
on from the last number that they have seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.sql.database import Connection, Id, Instant, Name, table

READ_MAX = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.  ``kind`` is ``noun.verb`` (``server.create``)."""

    number: int
    at: float
    kind: str
    subject_id: str
    project_id: str
    user_id: str
    request_id: str
    facts: Mapping[str, Any]


def event_table(room: str, metadata: sa.MetaData) -> sa.Table:
    """The table of a room's events."""
    return table(
        f"{room}_events",
        metadata,
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("subject_id", Id(), nullable=False, index=True),
        sa.Column("project_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("request_id", Id(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
    )


class EventLog:
    """Writes and reads one room's events inside the caller's transaction."""

    def __init__(self, events: sa.Table) -> None:
        self._events = events

    def append(
        self,
        connection: Connection,
        context: RequestContext,
        now: float,
        kind: str,
        subject_id: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one event; ``facts`` must be JSON and hold no secret."""
        connection.execute(
            self._events.insert().values(
                at=now,
                kind=kind,
                subject_id=subject_id,
                project_id=context.project_id,
                user_id=context.user_id,
                request_id=context.request_id,
                facts=dict(facts or {}),
            )
        )

    def after(self, connection: Connection, number: int) -> list[Event]:
        """At most ``READ_MAX`` events that follow ``number``."""
        rows = connection.execute(
            self._events.select()
            .where(self._events.c.number > number)
            .order_by(self._events.c.number)
            .limit(READ_MAX)
        )
        return [Event(**row._mapping) for row in rows]
