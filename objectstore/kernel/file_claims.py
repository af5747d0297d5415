"""Who else has a file: locks between processes, and whether it is open elsewhere."""

from __future__ import annotations

import fcntl
import os

from objectstore.kernel.durable_names import FILE_MODE


def lock(path: str) -> int:
    """A descriptor that holds the lock until it is closed; ``OSError`` (EWOULDBLOCK)
    when somebody else does."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_open_elsewhere(descriptor: int) -> bool:
    """Whether anybody else has the file open, or nobody can say."""
    # The kernel leases a file for writing to its only opener.
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return True
    return False
