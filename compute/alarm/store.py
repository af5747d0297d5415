"""The room's rows.  SQL only.

What actions lead to is a secret as often as not, and so are the trusts that they go
by: both are sealed in the rows (``compute/core/keys/sealing.py``), and so is what
histories say of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.alarm import tables
from compute.alarm.model import EVENT, Alarm, Change, Limit
from compute.core.jobs.store import JobStore
from compute.core.keys.sealed_rows import SealedRows
from compute.core.keys.sealing import Resealed, SealedMembers, Vault
from compute.core.sql.database import Connection
from compute.core.sql.rows import Rows, keep_newest, values_of

Condition = sa.ColumnElement[bool]
SEALED = frozenset(
    {"ok_actions", "alarm_actions", "insufficient_data_actions", "trusts"}
)
SEALED_OF_CHANGES = frozenset({"detail"})
# Of what is owed (``outbox.py``).
SEALED_OF_JOBS = frozenset({"action", "trust_id"})
_alarms, _changes = tables.alarms.c, tables.changes.c


class Stores:
    """All of the room's tables, inside the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self.jobs = JobStore(tables.jobs, turns_by="project_id")
        self.vault = vault
        self.alarms = SealedRows(Alarm, tables.alarms, SEALED, vault)
        self.changes = SealedRows(
            Change, tables.changes, SEALED_OF_CHANGES, vault, key="number"
        )
        self.limits = Rows(Limit, tables.limits, key="project_id")
        self._sealed_jobs = SealedMembers(
            tables.jobs.c.arguments, SEALED_OF_JOBS, vault
        )

    def sealed(self) -> Sequence[Resealed]:
        """Of the tables that have something sealed."""
        return (self.alarms.sealed, self.changes.sealed, self._sealed_jobs)

    # ---- evaluation --------------------------------------------------------------

    def due(
        self, connection: Connection, now: float, latest: float, limit: int
    ) -> list[Alarm]:
        """Those whose turn it is, the longest due first; those of events wait for
        events.  ``latest``: none can be due later, unless the clock was set back."""
        select = (
            tables.alarms.select()
            .where(
                _alarms.enabled == sa.true(),
                sa.or_(_alarms.due_at <= now, _alarms.due_at > latest),
                _alarms.type != EVENT,
            )
            .order_by(_alarms.due_at, _alarms.id)
            .limit(limit)
        )
        return self.alarms.select(connection, select)

    def claim(
        self, connection: Connection, alarm: Alarm, claim: str, until: float
    ) -> bool:
        """Take an evaluation, unless somebody else just has (decision 30)."""
        statement = (
            sa.update(tables.alarms)
            .where(_alarms.id == alarm.id, _alarms.due_at == alarm.due_at)
            .values(claim=claim, due_at=until)
        )
        return bool(connection.execute(statement).rowcount)

    def let_go(self, connection: Connection, place: str, now: float) -> None:
        """Nobody works any more on what was claimed from that place."""
        statement = sa.update(tables.alarms).where(_alarms.claim.startswith(place))
        connection.execute(statement.values(claim="", due_at=now))

    def end_evaluation(
        self, connection: Connection, alarm: Alarm, values: Mapping[str, Any]
    ) -> bool:
        """Write what it came to; False when the alarm is another one by now, or the
        evaluation is somebody else's."""
        statement = (
            sa.update(tables.alarms)
            .where(
                _alarms.id == alarm.id,
                _alarms.revision == alarm.revision,
                _alarms.claim == alarm.claim,
            )
            .values(**values)
        )
        return bool(connection.execute(statement).rowcount)

    def of_events(self, connection: Connection) -> list[Alarm]:
        """Those that wait for events."""
        return self.alarms.where(
            connection, _alarms.enabled == sa.true(), _alarms.type == EVENT
        )

    # ---- history -----------------------------------------------------------------

    def add_change(self, connection: Connection, change: Change) -> None:
        """Write that something happened; its number comes from the database."""
        values = dict(self.changes.closed(values_of(change)))
        del values["number"]
        connection.execute(tables.changes.insert().values(**values))

    def forget_changes(self, connection: Connection, before: float, most: int) -> int:
        """Take away at most so many of before that moment; how many."""
        old = sa.select(_changes.number).where(_changes.at < before).limit(most)
        return self._forget(connection, [row.number for row in connection.execute(old)])

    def cut_changes(self, connection: Connection, kept: int, most: int) -> int:
        """Leave each alarm its newest ``kept``; of how many some went."""
        return keep_newest(connection, _changes.alarm_id, _changes.number, kept, most)

    def _forget(self, connection: Connection, numbers: Iterable[int]) -> int:
        where = _changes.number.in_(list(numbers))
        return int(connection.execute(sa.delete(tables.changes).where(where)).rowcount)

    # ---- feeds ---------------------------------------------------------------------

    def feed(self, connection: Connection, room: str, start: int) -> int:
        """How far a room's events were looked at; from ``start`` on when never."""
        feeds = tables.feeds
        row = connection.execute(feeds.select().where(feeds.c.room == room)).first()
        if row is not None:
            return int(row.number)
        connection.execute(feeds.insert().values(room=room, number=start))
        return start

    def move_feed(
        self, connection: Connection, room: str, since: int, until: int
    ) -> bool:
        """They were looked at up to there; False when somebody else was faster."""
        feeds = tables.feeds
        statement = (
            sa.update(feeds)
            .where(feeds.c.room == room, feeds.c.number == since)
            .values(number=until)
        )
        return bool(connection.execute(statement).rowcount)
