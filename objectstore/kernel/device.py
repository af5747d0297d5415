"""A device: one directory, on a file system of its own, owned by one process.

``Device.open`` proves ownership (a lock that ends with the process) and identity
(an id written once, that every journal of the device carries in its checksums).
The object stores of all policies and the databases of one device share one
``Device``, opened after the workers have been forked.
"""

from __future__ import annotations

import os
import uuid

from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Corrupt, Unavailable

LOCK_NAME = "lock"
IDENTITY_NAME = "device-id"


class Device:
    """An open device.  ``identity`` is its 16-byte id, ``path`` its directory."""

    def __init__(self, disk: Disk, path: str, identity: bytes, lock: int) -> None:
        self.disk = disk
        self.path = path
        self.identity = identity
        self._lock = lock

    @classmethod
    def open(cls, disk: Disk, path: str, *, mount_check: bool = False) -> Device:
        """Take the device over, beginning it when it is new.

        ``Locked`` when another process has it.  ``mount_check``: ``Unavailable``
        unless a file system is mounted at ``path``, so that a disk that failed to
        mount is not mistaken for an empty one, filling the disk below it.
        """
        if mount_check and not disk.is_mount(path):
            raise Unavailable(f"{path}: nothing is mounted here")
        disk.make_directories(path)
        lock = disk.lock(os.path.join(path, LOCK_NAME))
        try:
            return cls(disk, path, _identity(disk, path), lock)
        except BaseException:
            disk.close(lock)
            raise

    def close(self) -> None:
        """Let another process have it."""
        self.disk.close(self._lock)


def _identity(disk: Disk, path: str) -> bytes:
    """The device's id, made up at its first opening."""
    name = os.path.join(path, IDENTITY_NAME)
    try:
        text = disk.read_file(name).decode("ascii").strip()
        return uuid.UUID(text).bytes
    except FileMissing:
        made = uuid.uuid4()
        disk.replace_file(name, f"{made}\n".encode("ascii"))
        return made.bytes
    except ValueError as error:
        raise Corrupt(f"{name}: not a device id") from error
