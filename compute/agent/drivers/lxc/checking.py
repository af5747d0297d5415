"""A stranger's file system made fit to be mounted: checked, and grown to its room.

The kernel trusts what it mounts more than it should: most of its faults with file
systems come from such as no kernel ever wrote.  So before each mount e2fsck goes
through all of it, as a user who is nobody, without a way to any privilege, within
limits.
"""

from __future__ import annotations

import os

from compute.agent.disks import files
from compute.agent.drivers.lxc.partitions import SECTOR_BYTES, Place, root_place
from compute.agent.drivers.lxc.superblock import (
    SUPERBLOCK_AT,
    SUPERBLOCK_BYTES,
    check_wishes,
)
from compute.core.program import ProgramFailed, ProgramLimits, run_program
from objectstore.kernel.errors import Rejected

CHECKING = ProgramLimits(address_space_bytes=2 << 30, cpu_seconds=600, seconds=1800.0)
# What a partition table says is a few KiB.
TABLE = ProgramLimits(cpu_seconds=10, seconds=60.0)
# e2fsck: what it found it has mended.
_MENDED = 1
_SAID_MAX = 200
# Less is not worth another partition table.
GROWTH_BYTES_MIN = 10 << 20


def find_files(file: str) -> Place:
    """Where its largest file system is.  ``Rejected`` 400 when there is none."""
    descriptor = files.on_thread(os.open, file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return files.on_thread(_look, descriptor)
    finally:
        files.on_thread(os.close, descriptor)


def find_root(file: str, owner: int) -> Place:
    """Where the root file system is, its partition grown to its room.  ``Rejected``
    400 when there is none."""
    descriptor = files.on_thread(os.open, file, os.O_RDWR | os.O_CLOEXEC)
    try:
        place = files.on_thread(_look, descriptor)
        if place.number and place.room_bytes - place.length_bytes >= GROWTH_BYTES_MIN:
            _grow_partition(descriptor, place, owner)
            place = files.on_thread(_look, descriptor)
        return place
    finally:
        files.on_thread(os.close, descriptor)


def check(node: str, owner: int) -> None:
    """The file system on the device is whole, and as large as that.  ``Rejected`` 400
    when it is damaged, or wants more than to be mounted."""
    descriptor = files.on_thread(os.open, node, os.O_RDWR | os.O_CLOEXEC)
    try:
        path = f"/proc/self/fd/{descriptor}"
        # e2fsck, too, would wait for as long as it says that others may need.
        _check_wishes(descriptor)
        try:
            _as_nobody(["e2fsck", "-f", "-p", path], owner, descriptor, CHECKING)
        except ProgramFailed as error:
            # Anything else, and a signal's negative number, is no proof of anything.
            if error.status != _MENDED:
                raise _refused("file system", error) from error
        _check_wishes(descriptor)  # of the copy that it may have taken instead
        try:
            _as_nobody(["resize2fs", path], owner, descriptor, CHECKING)
        except ProgramFailed as error:
            raise _refused("file system", error) from error
    finally:
        files.on_thread(os.close, descriptor)


def _check_wishes(descriptor: int) -> None:
    check_wishes(files.on_thread(os.pread, descriptor, SUPERBLOCK_BYTES, SUPERBLOCK_AT))


def _look(descriptor: int) -> Place:
    size = os.fstat(descriptor).st_size
    return root_place(lambda offset, length: os.pread(descriptor, length, offset), size)


def _grow_partition(descriptor: int, place: Place, owner: int) -> None:
    sectors = place.room_bytes // SECTOR_BYTES
    path = f"/proc/self/fd/{descriptor}"
    quiet = "--quiet --no-reread --no-tell-kernel"
    script = f"echo ,{sectors} | sfdisk {quiet} -N {place.number} {path}"
    try:
        _as_nobody(["sh", "-c", script], owner, descriptor, TABLE)
    except ProgramFailed as error:
        raise _refused("partition table", error) from error


def _refused(what: str, error: ProgramFailed) -> Rejected:
    said = error.text[-_SAID_MAX:] or f"status {error.status}"
    return Rejected(400, f"The root's {what} is damaged: {said}")


def _as_nobody(
    program: list[str], owner: int, descriptor: int, limits: ProgramLimits
) -> None:
    nobody = ["--clear-groups", "--no-new-privs", "--inh-caps=-all"]
    run_program(
        ["setpriv", f"--reuid={owner}", f"--regid={owner}", *nobody, "--", *program],
        limits,
        descriptors=[descriptor],
    )
