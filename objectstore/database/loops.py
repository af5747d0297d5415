"""The background loops that every store of databases needs, ready to start."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.database import folding, reclaiming, settling
from objectstore.database.broker import Broker
from objectstore.database.store import DatabaseStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop
from objectstore.kernel.turns import Line
from objectstore.replication.gate import Gated


def database_loops(
    databases: DatabaseStore,
    clock: Clock,
    line: Line,
    *,
    reclaim_age_seconds: float = reclaiming.RECLAIM_AGE_SECONDS,
    may_remove: Callable[[Broker], bool] = lambda broker: True,
    may_reclaim: Callable[[], bool] = lambda: True,
) -> list[Loop]:
    """Folding, settling and reclaiming; each with its own rest.

    ``line``: where all that is folded in this process waits.
    """
    reclaim = reclaiming.ReclaimStep(databases, clock, reclaim_age_seconds, may_remove)
    return [
        Loop(
            folding.FoldStep(databases, line),
            idle_seconds=folding.REST_SECONDS,
            busy_seconds=folding.PAUSE_SECONDS,
        ),
        Loop(
            settling.SettleStep(databases, clock, line),
            idle_seconds=settling.REST_SECONDS,
        ),
        Loop(Gated(reclaim, may_reclaim), idle_seconds=reclaiming.REST_SECONDS),
    ]
