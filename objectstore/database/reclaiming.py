"""The loop that drops what only says that something is gone.

Tombstones, removed metadata and deleted databases are kept until every replica
must have heard of them: the *reclaim age*.  A replica that was away for longer
would bring the dead back, so it has to come back empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from objectstore.database.broker import Broker
from objectstore.database.facts import without_old_removals
from objectstore.database.store import DatabaseStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.wire.records import ListingQuery

# Once an hour through all databases: being late with this harms nobody.
REST_SECONDS = 3600.0
# A week, as Swift's operators know it.
RECLAIM_AGE_SECONDS = 7 * 24 * 3600
# About 2 ms a step.
TOMBSTONES_PER_STEP = 1000


class ReclaimStep:
    """One step looks at one page of one database's tombstones.

    ``may_remove`` can keep a deleted database that still has something to do.
    """

    def __init__(
        self,
        databases: DatabaseStore,
        clock: Clock,
        reclaim_age_seconds: float = RECLAIM_AGE_SECONDS,
        may_remove: Callable[[Broker], bool] = lambda broker: True,
    ) -> None:
        self.name = "database-reclaiming"
        self._databases = databases
        self._clock = clock
        self._age = from_seconds(reclaim_age_seconds)
        self._may_remove = may_remove
        self._keys: Iterator[bytes] | None = None
        self._key: bytes | None = None
        self._after_name = ""

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        if self._key is None:
            if self._keys is None:
                self._keys = self._databases.keys()
            self._key, self._after_name = next(self._keys, None), ""
            if self._key is None:
                self._keys = None
                return Progress.DONE
        key, self._key = self._key, None  # an error makes it go on with the next
        before = from_seconds(self._clock.time()) - self._age
        try:
            self._after_name = self._reclaim(key, before)
        except Corrupt:
            self._databases.quarantine(key)
            return Progress.BUSY
        if self._after_name:
            self._key = key
        return Progress.BUSY

    def _reclaim(self, key: bytes, before: int) -> str:
        """Drop what is older than ``before`` and only says that something is gone:
        removed metadata, the next tombstones, a deleted database as a whole.

        Returns where to go on, "" when done.  Nothing of it needs the journal: if
        it is lost it is done again.
        """
        databases = self._databases
        broker = databases.find(key)
        if broker is None:
            return ""
        databases.dropped(key)
        facts = without_old_removals(broker.facts, before)
        if not facts.is_live and facts.deleted_timestamp < before:
            is_empty = not broker.rows(ListingQuery(limit=1)).rows
            if is_empty and facts.deleted_timestamp and self._may_remove(broker):
                databases.remove(key)
                return ""
        broker.take_facts(facts)
        return broker.drop_tombstones(before, self._after_name, TOMBSTONES_PER_STEP)
