"""The room's loops: fold what has waited long enough, remove objects of nobody."""

from __future__ import annotations

from functools import partial

from compute.core.sql.database import Connection, Database
from compute.metric import store
from compute.metric.keeping import series_rows
from compute.metric.keeping.folding import Folding
from compute.metric.keeping.objects import Objects
from compute.metric.series.plan import Plan
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Progress

# Pending rows that are looked at in one step.
ROWS_LOOKED_AT = 2000
METRICS_IN_ONE_STEP = 25
OBJECTS_IN_ONE_STEP = 100


class FoldingLoop:
    """Folds metrics whose oldest pending measures came ``fold_after`` seconds ago, and
    those that it is told to look at."""

    name = "metric-folding"

    def __init__(
        self, database: Database, folding: Folding, clock: Clock, fold_after: float
    ) -> None:
        self._database = database
        self._folding = folding
        self._clock = clock
        self._fold_after = fold_after
        self._eager: set[str] = set()
        # These could not be folded: others go first.
        self._failed: list[str] = []

    def eager_for(self, metric_id: str) -> None:
        """Much is pending of this one: do not wait."""
        self._eager.add(metric_id)

    def step(self) -> Progress:
        """See ``Step``."""
        ripe = self._ripe()
        plans = self._database.read(partial(plans_of, metric_ids=ripe))
        failed = self._folding.fold(plans)
        tried = frozenset(ripe)
        self._failed = [each for each in self._failed if each not in tried] + failed
        self._eager.difference_update(ripe)
        has_more = len(ripe) == METRICS_IN_ONE_STEP
        return Progress.BUSY if has_more and not failed else Progress.IDLE

    def _ripe(self) -> list[str]:
        before = self._clock.time() - self._fold_after
        waiting = self._database.read(
            partial(
                series_rows.oldest_pending, limit=ROWS_LOOKED_AT, without=self._failed
            )
        )
        found = dict.fromkeys(each for each in self._eager if each not in self._failed)
        found |= dict.fromkeys(each for each, since in waiting if since <= before)
        found |= dict.fromkeys(self._failed)
        return list(found)[:METRICS_IN_ONE_STEP]


class Sweeping:
    """Removes objects that stand in ``metric_debris``."""

    name = "metric-sweeping"

    def __init__(self, database: Database, objects: Objects, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._clock = clock

    def step(self) -> Progress:
        """See ``Step``."""
        now = self._clock.time()
        names = self._database.read(
            partial(series_rows.debris, now=now, limit=OBJECTS_IN_ONE_STEP)
        )
        for name in names:
            self._objects.delete(name)
        if names:
            self._database.run(partial(series_rows.no_debris, objects=names))
        return Progress.BUSY if len(names) == OBJECTS_IN_ONE_STEP else Progress.IDLE


def plans_of(connection: Connection, metric_ids: list[str]) -> dict[str, Plan]:
    """The plans of these metrics."""
    policies = {each.name: each.plan for each in store.policies.where(connection)}
    return {
        metric_id: policies[metric.archive_policy_name]
        for metric_id, metric in store.metrics.by_keys(connection, metric_ids).items()
    }
