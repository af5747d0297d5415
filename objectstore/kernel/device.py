"""A device: one directory, on a file system of its own, each room owned by one process.

``Device.open`` proves ownership (locks that end with the process) and identity
(an id written once, that every journal of the device carries in its checksums).
A device has *rooms*: its objects, containers and accounts.  An all-in-one process
takes them all; servers that run apart take one each.  Opened after the workers have
been forked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections.abc import Sequence

from objectstore.kernel import concurrency
from objectstore.kernel.disk import Disk, FileMissing, Locked
from objectstore.kernel.errors import Corrupt, Unavailable

ROOMS = ("accounts", "containers", "objects")
IDENTITY_NAME = "device-id"
# Two servers that begin a new device at once: making the id takes milliseconds.
IDENTITY_TRIES_MAX = 100
IDENTITY_WAIT_SECONDS = 0.02

_log = logging.getLogger("objectstore.device")


class Device:
    """An open device.  ``identity`` is its 16-byte id, ``path`` its directory."""

    def __init__(
        self, disk: Disk, path: str, identity: bytes, locks: Sequence[int]
    ) -> None:
        self.disk = disk
        self.path = path
        self.identity = identity
        self._locks = list(locks)

    @classmethod
    def open(
        cls,
        disk: Disk,
        path: str,
        *,
        mount_check: bool = False,
        rooms: Sequence[str] = ROOMS,
    ) -> Device:
        """Take the device's rooms over, beginning it when it is new.

        ``Locked`` when another process has one of them.  ``mount_check``:
        ``Unavailable`` unless a file system is mounted at ``path``, so that a disk
        that failed to mount is not mistaken for an empty one, filling the disk
        below it.
        """
        if mount_check and not disk.is_mount(path):
            raise Unavailable(f"{path}: nothing is mounted here")
        _make(disk, path)
        locks: list[int] = []
        try:
            for room in rooms:
                locks.append(disk.lock(os.path.join(path, f"lock-{room}")))
            return cls(disk, path, _identity(disk, path), locks)
        except BaseException as error:
            for lock in locks:
                disk.close(lock)
            if isinstance(error, Locked):
                raise Locked(f"{path}: another process has it open") from None
            raise

    def close(self) -> None:
        """Let another process have it."""
        while self._locks:
            self.disk.close(self._locks.pop())


def _make(disk: Disk, path: str) -> None:
    """Make the directory if it is not there, and say so: where settings are mistyped it
    is on the system's disk, which would be filled."""
    try:
        disk.list(path)
    except FileMissing:
        disk.make_directories(path)
        _log.warning(
            "%s was not there and is made, on the disk that holds what is above it: "
            "mount_check refuses that",
            path,
        )


def identity_at(disk: Disk, path: str) -> bytes | None:
    """The id of the device that is at ``path`` now; None: there is none."""
    try:
        text = disk.read_file(os.path.join(path, IDENTITY_NAME)).decode("ascii")
        return uuid.UUID(text.strip()).bytes
    except (FileMissing, ValueError):
        return None


def _identity(disk: Disk, path: str) -> bytes:
    """The device's id, made up at its first opening."""
    name = os.path.join(path, IDENTITY_NAME)
    lock = _lock_patiently(disk, os.path.join(path, "lock-identity"))
    try:
        text = disk.read_file(name).decode("ascii").strip()
        return uuid.UUID(text).bytes
    except FileMissing:
        made = uuid.uuid4()
        disk.replace_file(name, f"{made}\n".encode("ascii"))
        return made.bytes
    except ValueError as error:
        raise Corrupt(f"{name}: not a device id") from error
    finally:
        disk.close(lock)


def _lock_patiently(disk: Disk, path: str) -> int:
    for _ in range(IDENTITY_TRIES_MAX):
        with contextlib.suppress(Locked):
            return disk.lock(path)
        concurrency.sleep(IDENTITY_WAIT_SECONDS)
    raise Locked(f"{path}: held by another process")
