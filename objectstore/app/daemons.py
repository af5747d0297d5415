"""The daemons by the names that operators use, and running them once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from objectstore.app.open_device import OpenDevice
from objectstore.database.auditor import DatabaseAuditor
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Loop
from objectstore.object.maintenance.auditor import ObjectAuditor

# Name to the loops (by their steps' names) that are run, in this order.
DAEMONS = {
    "auditor": ("object-audit", "database-audit", "object-index-repair"),
    "compaction": ("object-compaction",),
    "expirer": ("object-expiry",),
    "reaper": ("account-reaper",),
    "reconstructor": ("fragment-reconstruction",),
    "replicator": (
        "object-replication",
        "container-replication",
        "account-replication",
    ),
    "updater": ("object-updating", "container-updating"),
}
_AUDITED = ("mark.items_verified", "mark.bytes_verified", "mark.problems")
_LEVELLED = (
    "status.partitions_done",
    "status.partitions_differing",
    "status.keys_sent",
    "status.keys_received",
    "status.failures",
)
_SENT = ("sent", "failures")
# What each loop counts of its work, as attributes of its step.
COUNTERS = {
    "object-audit": _AUDITED,
    "database-audit": _AUDITED,
    "object-index-repair": ("rebuilt",),
    "object-compaction": ("removed_segments", "dropped_rows"),
    "object-expiry": ("removed", "failures"),
    "account-reaper": ("accounts", "containers", "objects", "failures"),
    "fragment-reconstruction": (*_LEVELLED, "rebuilt", "status.keys_forgotten"),
    "object-replication": _LEVELLED,
    "container-replication": _LEVELLED,
    "account-replication": _LEVELLED,
    "object-updating": _SENT,
    "container-updating": _SENT,
}
# Begins anew with each round.
_OF_A_ROUND = frozenset({"partitions_done"})


@dataclass(frozen=True, slots=True)
class Ran:
    """How one loop fared, and by how much its counters grew."""

    device: str
    loop: str
    room: str
    problem: str  # "": it went well
    counted: Mapping[str, int] = field(default_factory=dict)


def loops_of(daemon: str, devices: Iterable[OpenDevice]) -> list[tuple[str, str, Loop]]:
    """(device, room, loop) of everything that belongs to a daemon."""
    return [
        (device.name, room.name, loop)
        for name in DAEMONS[daemon]
        for device in devices
        for room in device.rooms
        for loop in room.loops
        if loop.step.name == name
    ]


def run_once(daemon: str, devices: Iterable[OpenDevice]) -> list[Ran]:
    """Let each do a whole round; all devices at the same time."""
    found = loops_of(daemon, devices)
    before = [_counters(loop) for _, _, loop in found]
    asked: list[Promise[Any]] = [promised(_round, loop) for _, _, loop in found]
    outcomes = []
    for (device, room, loop), was, promise in zip(found, before, asked, strict=True):
        problem = ""
        try:
            promise.wait()
        except RingstackError as error:
            problem = str(error)
        counted = {
            name: count if name in _OF_A_ROUND else count - was[name]
            for name, count in _counters(loop).items()
        }
        outcomes.append(Ran(device, loop.step.name, room, problem, counted))
    return outcomes


def _counters(loop: Loop) -> dict[str, int]:
    return {
        path.rpartition(".")[2]: attrgetter(path)(loop.step)
        for path in COUNTERS[loop.step.name]
    }


def _round(loop: Loop) -> None:
    if isinstance(loop.step, ObjectAuditor | DatabaseAuditor):
        loop.step.start_over()
    loop.once()
