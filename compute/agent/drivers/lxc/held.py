"""Letting go of a disk that is held as files are: mounts, loop devices, its daemon."""

from __future__ import annotations

import errno
import os

from compute.agent.disks import files
from compute.agent.drivers.lxc import loops, mounting
from compute.core.disks import storage_daemon
from compute.core.disks.storage_daemon import Place
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

DISK = "disk"
"""The name, in the disk's directory, of the file that shows its bytes."""
# The last of a container's processes are gone within moments, or hang in the kernel.
RELEASE_SECONDS = 15.0
POLL_SECONDS = 0.05


def release(home: str, place: Place, clock: Clock) -> None:
    """After it, nothing of the disk in the directory ``home`` is held, and all that was
    written is where its bytes are.  Fine when nothing was.  ``Unavailable`` while it is
    used."""
    if not os.path.isdir(home):
        return
    disk = os.path.join(home, DISK)
    give_up = clock.monotonic() + RELEASE_SECONDS
    while not files.on_thread(_take_down, home, disk):
        if clock.monotonic() > give_up:
            raise Unavailable(f"the files below {home} are still in use")
        concurrency.sleep(POLL_SECONDS)
    storage_daemon.stop(place)
    # The daemon took its own mount with it, unless it was killed.
    files.on_thread(_unmount_all, home)
    files.remove_tree(home)


def _take_down(home: str, disk: str) -> bool:
    """Unmount all but the daemon's; whether nobody uses the disk any more."""
    for path in mounting.mounted_below(home):
        if path == disk:
            continue
        try:
            mounting.unmount(path)
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            if error.errno != errno.EINVAL:  # it has gone meanwhile
                raise
    loops.detach(disk)
    return not loops.devices_of(disk)


def _unmount_all(home: str) -> None:
    for path in mounting.mounted_below(home):
        mounting.unmount(path, lazily=True)
