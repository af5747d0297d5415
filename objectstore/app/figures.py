"""What a device's stores and loops say of themselves, as plain values.

One form for ``/recon``, for ``/metrics`` and between workers: dictionaries of
numbers and texts, ready for JSON.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from objectstore.account.reaper import Reaper
from objectstore.app.open_device import OpenDevice, Room
from objectstore.container.store import ContainerStore
from objectstore.container.updater import ContainerUpdater
from objectstore.database.auditor import DatabaseAuditor
from objectstore.database.store import DatabaseStore
from objectstore.kernel.audit import AuditMark
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.journal import Journal
from objectstore.kernel.loop import Step
from objectstore.object.fragments.reconstructor import Reconstructor
from objectstore.object.maintenance.auditor import ObjectAuditor
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.expirer import Expirer
from objectstore.object.maintenance.index_repair import IndexRepair
from objectstore.object.maintenance.updater import ObjectUpdater
from objectstore.object.store.store import ObjectStore
from objectstore.replication.status import ReplicationStatus

Figures = dict[str, Any]


def device_figures(opened: OpenDevice, now: float) -> Figures:
    """All of a device; ``now`` in seconds since the epoch."""
    space = opened.space
    try:
        total, free = space.space()
    except RingstackError:
        total = free = 0
    return {
        "device": opened.name,
        "total_bytes": total,
        "free_bytes": free,
        "reserve_bytes": space.reserve_bytes,
        "body_reserve_bytes": space.body_reserve_bytes,
        "failing_loops": sorted(
            {loop.step.name for loop in opened.loops if loop.failures}
        ),
        "rooms": [_room(room, now) for room in opened.rooms],
    }


def _room(room: Room, now: float) -> Figures:
    store = room.store
    if isinstance(store, ObjectStore):
        figures = _objects(room, store, now)
    else:
        figures = _databases(room, store.databases, now)
        if isinstance(store, ContainerStore):
            figures["waiting"]["reports"] = store.unreported_count
    return {
        "room": room.name,
        "policy": room.policy,
        "replication": _replication(room.status, now),
        **figures,
    }


def _objects(room: Room, store: ObjectStore, now: float) -> Figures:
    index, segments = store.index, store.journal.segments()
    waiting = {
        "journal": store.journal.waiting,
        "index": index.unflushed,
        "rows_owed": len(index.owed.items),
    }
    counts: Figures = {}
    audit = None
    for step in _steps(room):
        if isinstance(step, ObjectAuditor):
            audit = _audit(step.mark, now)
        elif isinstance(step, Expirer):
            counts["expired"] = step.removed
            counts["expiry_failures"] = step.failures
            if not index.damage.what:
                waiting["expired"] = step.waiting
        elif isinstance(step, ObjectUpdater):
            counts["rows_sent"] = step.sent
            counts["rows_failed"] = step.failures
        elif isinstance(step, Compaction):
            counts["compacted_segments"] = step.removed_segments
        elif isinstance(step, IndexRepair):
            counts["index_rebuilds"] = step.rebuilt
        elif isinstance(step, Reconstructor):
            counts["fragments_rebuilt"] = step.rebuilt
            waiting["fragments"] = step.waiting
    return {
        "index_damage": index.damage.what,
        "log": {
            "segments": len(segments),
            "bytes": sum(facts.size for facts in segments),
            "live_bytes": 0 if index.damage.what else sum(index.live.items.values()),
            "damaged_segments": len(store.damaged_segments),
        },
        "commit": _commits(store.journal),
        "waiting": waiting,
        "quarantined": len(index.quarantined.items),
        "quarantines": store.drops.quarantines,
        "hung_read_bytes": store.bodies.reads.hung_bytes,
        "counts": counts,
        "audit": audit,
    }


def _databases(room: Room, databases: DatabaseStore, now: float) -> Figures:
    counts: Figures = {}
    audit = None
    for step in _steps(room):
        if isinstance(step, DatabaseAuditor):
            audit = _audit(step.mark, now)
        elif isinstance(step, ContainerUpdater):
            counts["reports_sent"] = step.sent
            counts["reports_failed"] = step.failures
        elif isinstance(step, Reaper):
            counts["reaped_objects"] = step.objects
            counts["reaped_containers"] = step.containers
            counts["reaped_accounts"] = step.accounts
            counts["reaper_failures"] = step.failures
    return {
        "commit": _commits(databases.journal),
        "waiting": {
            "journal": databases.journal.waiting,
            "folding": databases.changes.unfolded,
            "unsettled_bytes": databases.changes.unsettled_bytes,
        },
        "quarantined": len(databases.put_aside),
        "quarantines": databases.quarantines,
        "counts": counts,
        "audit": audit,
    }


def _steps(room: Room) -> list[Step]:
    return [loop.step for loop in room.loops]


def _commits(journal: Journal) -> Figures:
    figures = journal.figures
    return {
        "batches": figures.batches,
        "records": figures.records,
        "failures": figures.failures,
        "seconds": figures.seconds,
        "sizes": list(figures.sizes),
        "times": list(figures.times),
    }


def _audit(mark: AuditMark, now: float) -> Figures:
    return {
        "rounds": mark.rounds,
        "round_started": mark.round_started,
        "last_round_finished": mark.complete_finished,
        "bytes_verified": mark.bytes_verified,
        "items_verified": mark.items_verified,
        "problems": mark.problems,
        "oldest_unverified_seconds": mark.oldest_seconds(now),
    }


def _replication(status: ReplicationStatus, now: float) -> Figures:
    figures = asdict(status)
    figures["age_seconds"] = status.age_seconds(now)
    figures["eta_seconds"] = status.eta_seconds(now)
    return figures
