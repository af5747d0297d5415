"""When a device was last alive: one that was away too long must not be believed.

Deletions are remembered for the *reclaim age*.  A device that was away for longer
may hold objects whose deletion nobody remembers any more; levelling it with its peers
would bring them back to life.  So every room of a device keeps a durable mark of when
it was last open, and a device whose mark is too old is not opened: an operator says
whether to keep its data (``objectstore device readmit``: the whole cluster was off) or
to let it come back empty (``--empty``), to be filled by its peers.

When all devices of the cluster are on this machine no operator is needed: their marks
say whether any of them was alive meanwhile.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from objectstore.kernel.clock import Clock
from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress

# A small synced file for each device: nothing to a disk, and exact enough for a
# reclaim age of days.
MARK_SECONDS = 60.0
# Devices of one machine that were switched off together have marks this close.
TOGETHER_SECONDS = 10 * MARK_SECONDS

_log = logging.getLogger("objectstore.presence")


class WasAwayTooLong(Unavailable):
    """The device must not be believed; see the module."""


class Mark(NamedTuple):
    """Wall-clock seconds: when a room was last seen open, when that opening began,
    and when it had been last seen open before (0: never)."""

    last: float
    opened: float
    before: float


def mark_path(device: str, room: str) -> str:
    """Where the mark of a room is."""
    return os.path.join(device, f"alive-{room}")


def read_mark(disk: Disk, device: str, rooms: Iterable[str]) -> Mark | None:
    """The mark of the room that was open the longest ago; None: never noted."""
    marks = [mark for room in rooms if (mark := _read(disk, device, room))]
    return min(marks, default=None)


def _read(disk: Disk, device: str, room: str) -> Mark | None:
    path = mark_path(device, room)
    try:
        return Mark(*map(float, disk.read_file(path).decode("ascii").split()))
    except FileMissing:
        return None
    except (ValueError, TypeError):
        # It says nothing about this device, and every device of the machine reads
        # it: refusing would take them all down for a file that is soon made anew.
        _log.warning("%s: not a mark of presence, taken for none", path)
        return None


def _write(disk: Disk, device: str, room: str, mark: Mark) -> None:
    text = " ".join(f"{each:.0f}" for each in mark)
    disk.replace_file(mark_path(device, room), f"{text}\n".encode("ascii"))


def write_mark(disk: Disk, device: str, rooms: Iterable[str], now: float) -> None:
    """Note that the rooms are being opened.  Blocks: synced."""
    for room in rooms:
        old = _read(disk, device, room)
        _write(disk, device, room, Mark(now, now, old.last if old else 0.0))


def renew_mark(disk: Disk, device: str, rooms: Iterable[str], now: float) -> None:
    """Note that they are still open.  Blocks: synced."""
    for room in rooms:
        old = _read(disk, device, room)
        if old is not None:
            _write(disk, device, room, old._replace(last=now))


def is_outdated(
    now: float,
    mark: Mark | None,
    reclaim_age_seconds: float,
    others: Iterable[Mark | None],
    *,
    others_are_all: bool,
) -> bool:
    """Whether a device with this mark must not be believed.  Pure.

    ``others`` are the marks of this machine's other devices, looked at only where they
    matter: one whose disk fails must not take the rest along.  ``others_are_all``:
    whether the cluster has no device elsewhere.
    """
    if mark is None or now - mark.last <= reclaim_age_seconds:
        return False
    if not others_are_all:
        return True
    return any(
        other is not None and _lived_on(other, mark, now, reclaim_age_seconds)
        for other in others
    )


def _lived_on(other: Mark, mark: Mark, now: float, reclaim_age_seconds: float) -> bool:
    """Whether the other may have forgotten deletions that the owner of ``mark``
    never heard of."""
    gone = mark.last + TOGETHER_SECONDS
    if other.before > gone:
        return True
    if other.opened <= gone:
        return other.last > gone
    # It was away as well, and is back: it forgets nothing for so long.
    return now - other.opened > reclaim_age_seconds


def check_presence(
    disk: Disk,
    device: str,
    rooms: Sequence[str],
    now: float,
    reclaim_age_seconds: float,
    others: Iterable[Mark | None],
    *,
    others_are_all: bool,
) -> None:
    """``WasAwayTooLong`` when the device must not be opened."""
    mark = read_mark(disk, device, rooms)
    if is_outdated(
        now, mark, reclaim_age_seconds, others, others_are_all=others_are_all
    ):
        assert mark is not None
        days = (now - mark.last) / 86400
        raise WasAwayTooLong(
            f"{device}: was away for {days:.1f} days, longer than deletions are "
            "remembered; see 'objectstore device readmit'"
        )


class PresenceStep:
    """A ``kernel.loop.Step`` that renews a device's marks."""

    name = "device-presence"

    def __init__(
        self, disk: Disk, device: str, rooms: Sequence[str], clock: Clock
    ) -> None:
        self._disk = disk
        self._device = device
        self._rooms = tuple(rooms)
        self._clock = clock

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        now = self._clock.time()
        self._disk.offload(renew_mark, self._disk, self._device, self._rooms, now)
        return Progress.IDLE
