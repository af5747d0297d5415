"""The loops that keep one device's object store in order."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel import concurrency
from objectstore.kernel.loop import Loop
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.reclaim import Reclaim
from objectstore.object.maintenance.sweep import Sweep
from objectstore.object.store.store import ObjectStore
from objectstore.replication.gate import Gated

# A look at the sizes in memory.
COMPACTION_REST_SECONDS = 30.0
# A round reads the whole index; what waits for it is a week old already.
RECLAIM_REST_SECONDS = 24 * 3600.0
# One round after a start is enough: then there is nothing to do any more.
SWEEP_REST_SECONDS = 3600.0


def maintenance_loops(
    store: ObjectStore,
    may_reclaim: Callable[[], bool] = lambda: True,
    turn: concurrency.Semaphore | None = None,
) -> list[Loop]:
    """Compaction, reclaim and sweep, not yet started.

    ``may_reclaim``: whether old tombstones may go (``replication.gate``).  ``turn``:
    what the stores of a process compact by, one at a time.
    """
    reclaim = Gated(Reclaim(store), may_reclaim)
    compaction = Compaction(store, may_reclaim, turn)
    return [
        Loop(compaction, idle_seconds=COMPACTION_REST_SECONDS),
        Loop(reclaim, idle_seconds=RECLAIM_REST_SECONDS),
        Loop(Sweep(store), idle_seconds=SWEEP_REST_SECONDS),
    ]
