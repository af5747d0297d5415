"""The daemons by the names that operators use, and running them once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from objectstore.app.open_device import OpenDevice
from objectstore.database.auditor import DatabaseAuditor
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Loop
from objectstore.object.auditor import ObjectAuditor

# Name to the loops (by their steps' names) that are run, in this order.
DAEMONS = {
    "auditor": ("object-audit", "database-audit", "object-index-repair"),
    "compaction": ("object-compaction",),
    "expirer": ("object-expiry",),
    "reaper": ("account-reaper",),
    "replicator": (
        "object-replication",
        "container-replication",
        "account-replication",
    ),
    "updater": ("object-updating", "container-updating"),
}


@dataclass(frozen=True, slots=True)
class Ran:
    """How one loop fared."""

    device: str
    loop: str
    room: str
    problem: str  # "": it went well


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
    asked: list[Promise[Any]] = [promised(_round, loop) for _, _, loop in found]
    outcomes = []
    for (device, room, loop), promise in zip(found, asked, strict=True):
        problem = ""
        try:
            promise.wait()
        except RingstackError as error:
            problem = str(error)
        outcomes.append(Ran(device, loop.step.name, room, problem))
    return outcomes


def _round(loop: Loop) -> None:
    if isinstance(loop.step, ObjectAuditor | DatabaseAuditor):
        loop.step.start_over()
    loop.once()
