"""Copies of several exported disks as they all are at one moment.

Each disk's daemon mirrors it into a file that another daemon, its *sink*, has open;
once all are equal, every write is answered when both have it.  Then all daemons stand
still (a signal; their guests wait for milliseconds and notice nothing else), all sinks
are killed, and the daemons go on.  So a copy has every write that was answered before
its disk stood still, and no disk answered any after another one did: who wrote to the
second because the first had answered finds both, or the first, or neither.  The mirrors
end because their sinks are gone, which no guest hears of.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compute.core.disks import storage_daemon
from compute.core.disks.copy_job import clear_copy
from compute.core.disks.qmp import order
from compute.core.disks.storage_daemon import WRITABLE, Place
from compute.volume.drivers.live_copy import TARGET_OPTIONS, begin_mirror, wait_until
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

# A thread that is in the middle of a write stands still when the disk has answered it.
STILL_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Mirror:
    """A disk's daemon, the file that its copy is made in, and the place of the sink."""

    place: Place
    target: Path
    sink: Place


def copy_together(mirrors: Sequence[Mirror]) -> None:
    """Fill every target, which has its disk's size.  ``Unavailable``."""
    try:
        for each in mirrors:
            clear_copy(each.place)
            storage_daemon.serve_file(each.sink, each.target)
            _begin(each)
        for each in mirrors:
            wait_until(each.place, "ready")
        concurrency.offload(_cut, mirrors)
    finally:
        for each in mirrors:
            clear_copy(each.place)
            storage_daemon.stop(each.sink)


def go_on(place: Place) -> None:
    """Let a daemon run that a process which is gone has made stand still."""
    if pid := storage_daemon.pid_of(place):
        os.kill(pid, signal.SIGCONT)


def _begin(mirror: Mirror) -> None:
    server = {"type": "unix", "path": mirror.sink.socket}
    node = {
        "driver": "nbd",
        "server": server,
        "export": WRITABLE,
        **TARGET_OPTIONS,
    }
    order(mirror.place.monitor, "blockdev-add", node)
    begin_mirror(mirror.place)


def _cut(mirrors: Sequence[Mirror]) -> None:
    """On a native thread, for milliseconds."""
    sources = [_running(each.place) for each in mirrors]
    sinks = [_running(each.sink) for each in mirrors]
    try:
        for pid in sources:
            os.kill(pid, signal.SIGSTOP)
        for pid in sources:
            _wait_until_still(pid)
        _kill(sinks)
    finally:
        for pid in sources:
            os.kill(pid, signal.SIGCONT)


def _running(place: Place) -> int:
    pid = storage_daemon.pid_of(place)
    if not pid:
        raise Unavailable("a daemon ended while its volume was copied")
    return pid


def _wait_until_still(pid: int) -> None:
    """The signal was sent; every thread has to see it."""
    give_up = time.monotonic() + STILL_SECONDS_MAX
    while not all(_is_still(path) for path in Path(f"/proc/{pid}/task").iterdir()):
        if time.monotonic() > give_up:
            raise Unavailable("a volume's daemon does not stand still")
        time.sleep(LOOK_SECONDS)


def _is_still(task: Path) -> bool:
    try:
        text = (task / "stat").read_text("ascii", "replace")
    except FileNotFoundError:
        return True  # it has just ended
    return text.rpartition(")")[2].split()[0] in "TtZX"


def _kill(pids: Sequence[int]) -> None:
    """They are dead, and write nothing any more."""
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for descriptor in descriptors:
            if not select.select([descriptor], [], [], STILL_SECONDS_MAX)[0]:
                raise Unavailable("a copy's daemon does not end")
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
