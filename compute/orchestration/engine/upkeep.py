"""Forgets what is old: deleted stacks, events beyond the limit, finished jobs; ends
trusts that nobody came to use; seals what was written before there was a key."""

from __future__ import annotations

from compute.core.keys.resealing import seal_clear
from compute.core.sql.database import Connection
from compute.core.sql.rows import keep_newest
from compute.orchestration import tables
from compute.orchestration.engine.entrusting import end_lost
from compute.orchestration.parts import Parts
from objectstore.kernel.loop import Progress

JOBS_KEPT_SECONDS = 3600.0
# In one transaction: others wait for it.
STACKS_AT_ONCE = 50


class Upkeep:
    """A loop's step."""

    name = "orchestration-upkeep"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._is_sealed = False

    def step(self) -> Progress:
        """See the module."""
        if not self._is_sealed:
            seal_clear(self._parts.database, self._parts.stores.sealed())
            self._is_sealed = True
        gone = self._parts.run(self._forget_stacks)
        cut = self._parts.run(self._cut_events)
        end_lost(self._parts)
        is_full = max(gone, cut) >= STACKS_AT_ONCE
        return Progress.BUSY if is_full else Progress.IDLE

    def _forget_stacks(self, connection: Connection) -> int:
        parts, stores = self._parts, self._parts.stores
        now = parts.now()
        stores.jobs.forget_finished(connection, now - JOBS_KEPT_SECONDS)
        columns = stores.stacks.columns
        before = now - parts.settings.deleted_kept
        old = stores.stacks.select(
            connection,
            tables.stacks.select()
            .where(columns.deleted_at > 0.0, columns.deleted_at < before)
            .limit(STACKS_AT_ONCE),
        )
        ids = [stack.id for stack in old]
        if ids:
            for rows in (stores.resources, stores.events, stores.snapshots):
                rows.delete_where(connection, rows.columns.stack_id.in_(ids))
            stores.stacks.delete_where(connection, columns.id.in_(ids))
        return len(ids)

    def _cut_events(self, connection: Connection) -> int:
        rows, kept = tables.happenings.c, self._parts.settings.events_per_stack
        return keep_newest(connection, rows.stack_id, rows.number, kept, STACKS_AT_ONCE)
