"""Files that have no name until they are whole, so that a crash leaves nothing of them.

Linux knows them (``O_TMPFILE``).  On file systems that do not, they have a name that
nobody looks for, which is taken away when the file gets its own or is closed.
"""

from __future__ import annotations

import errno
import itertools
import os

# What file systems and old kernels say of O_TMPFILE when they do not know it.
_UNKNOWN = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)
UNNAMED_PREFIX = ".unnamed-"


class NamelessFiles:
    """Those that are open, by descriptor.  Raises ``OSError``."""

    def __init__(self, *, are_known: bool = True) -> None:
        """``are_known``: whether to ask the file system for them at all."""
        self._are_known = are_known
        self._names: dict[int, str] = {}
        self._count = itertools.count()

    def create(self, directory: str, mode: int) -> int:
        """Open one on that directory's file system."""
        if self._are_known:
            try:
                return os.open(directory, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, mode)
            except OSError as error:
                if error.errno not in _UNKNOWN:
                    raise
                self._are_known = False
        name = f"{UNNAMED_PREFIX}{os.getpid()}-{next(self._count)}"
        path = os.path.join(directory, name)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, mode)
        self._names[descriptor] = path
        return descriptor

    def link(self, descriptor: int, path: str) -> None:
        """Give the open file its name."""
        if (name := self._names.get(descriptor)) is not None:
            os.link(name, path)
            os.unlink(name)
            del self._names[descriptor]
            return
        # Python calls linkat (which follows the link in /proc) instead of link
        # only when a directory descriptor is given; the path being absolute,
        # its value does not matter.
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=0)

    def forget(self, descriptor: int) -> None:
        """It is about to be closed: one that got no name is gone."""
        if (name := self._names.pop(descriptor, None)) is not None:
            os.unlink(name)
