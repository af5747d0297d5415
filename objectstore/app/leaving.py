"""Before a process leaves: what its devices owe to others is brought to them.

What was written while another worker was away lies on this one's devices, and the other
is told of it within seconds of its return.  When this one left before that, the other
two replicas of a name could outvote what was acknowledged: after a SIGHUP each worker
leaves as soon as the one before it is back.

Names that conditional writers hold here are theirs until they have written; who comes
later waits for the successor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from objectstore.app.open_device import OpenDevice
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Loop
from objectstore.object.locks import NameLocks
from objectstore.replication.owed import CopiesOwed

# A device that takes nothing for so long is away for longer than we wait.
STANDSTILL_SECONDS = 1.5
LOOK_SECONDS = 0.02
# Between two tries of devices that did not answer.
TRY_SECONDS = 0.1

# A writer that holds a name is about to write; one that has died is not.
WRITERS_SECONDS = 1.0

Debts = Sequence[tuple[CopiesOwed, Loop]]
"""What is owed, and the loop that brings it."""

_log = logging.getLogger("objectstore.replication")


def debts_of(devices: Iterable[OpenDevice]) -> Debts:
    """What the rooms of these devices still owe."""
    return [
        (room.repairer.owed, loop)
        for device in devices
        for room in device.rooms
        for loop in room.loops
        if room.repairer is not None and loop.step is room.repairer.healing
    ]


def pay(debts: Debts, clock: Clock, until: float) -> None:
    """Bring everybody what is owed, until ``until`` (monotonic) at the latest, or until
    nobody takes any more."""
    if not _left(debts):
        return
    tasks = [concurrency.spawn(_pay, owed, loop) for owed, loop in debts]
    try:
        delivered, moved = _delivered(debts), clock.monotonic()
        while _left(debts):
            now = clock.monotonic()
            if _delivered(debts) != delivered:
                delivered, moved = _delivered(debts), now
            if now >= min(until, moved + STANDSTILL_SECONDS):
                _log.info("leaving while %d copies are owed", _left(debts))
                break
            concurrency.sleep(LOOK_SECONDS)
    finally:
        for task in tasks:
            concurrency.kill_task(task)


def let_writers_end(locks: Sequence[NameLocks], clock: Clock) -> None:
    """Grant no more names, and wait a moment for those who hold some."""
    for each in locks:
        each.close()
    until = clock.monotonic() + WRITERS_SECONDS
    while any(locks) and clock.monotonic() < until:
        concurrency.sleep(LOOK_SECONDS)


def _pay(owed: CopiesOwed, loop: Loop) -> None:
    while True:
        owed.make_due()
        try:
            loop.once()
        except RingstackError as error:
            _log.info("%s: %s", loop.step.name, error)
        concurrency.sleep(TRY_SECONDS)


def _left(debts: Debts) -> int:
    return sum(len(owed) for owed, _ in debts)


def _delivered(debts: Debts) -> int:
    return sum(owed.delivered_count for owed, _ in debts)
