"""Unmanaged disks as files of a directory of their own (see ``unmanaged``).

A file is taken over by its name in that directory, opened without following links and
looked at by its descriptor: a regular file that has no second name anywhere, so that
nothing outside is ever written to, nor shown to a tenant.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from compute.volume.drivers import raw_files
from compute.volume.drivers.unmanaged import NAMES, UNMANAGED_MAX, UnmanagedDisk
from objectstore.kernel.concurrency import offload
from objectstore.kernel.errors import Rejected


class UnmanagedFiles:
    """See ``UnmanagedDisks``; ``ours``: the path of a disk of ours."""

    def __init__(self, directory: Path, ours: Callable[[str], Path]) -> None:
        self._directory = directory
        self._ours = ours
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def found(self) -> Iterator[UnmanagedDisk]:
        """See ``UnmanagedDisks``."""
        with os.scandir(self._directory) as entries:
            names = sorted(each.name for each in islice(entries, UNMANAGED_MAX))
        for name in names:
            if NAMES.fullmatch(name):
                yield self._look(name)

    def adopt(self, name: str, disk: str, size_bytes: int) -> None:
        """See ``UnmanagedDisks``."""
        offload(self._adopt, name, self._ours(disk), size_bytes)

    def release(self, disk: str, name: str) -> None:
        """See ``UnmanagedDisks``."""
        assert NAMES.fullmatch(name)
        offload(self._release, self._ours(disk), self._directory / name)

    # ---- inside: on native threads -----------------------------------------------

    def _look(self, name: str) -> UnmanagedDisk:
        try:
            found = os.lstat(self._directory / name)
        except OSError as error:
            return UnmanagedDisk(name, 0, str(error.strerror))
        problem = _problem(found)
        return UnmanagedDisk(name, 0 if problem else found.st_size, problem)

    def _adopt(self, name: str, target: Path, size_bytes: int) -> None:
        if not target.exists():
            source = self._checked(name)
            try:
                os.rename(source, target)
            except OSError as error:
                raise raw_files.translated(error) from error
        try:
            if os.path.getsize(target) < size_bytes:
                os.truncate(target, size_bytes)
            raw_files.sync(target)
            for directory in (target.parent, self._directory):
                raw_files.sync(directory)
        except OSError as error:
            raise raw_files.translated(error) from error

    def _checked(self, name: str) -> Path:
        """The path of a file that may be taken over."""
        if not NAMES.fullmatch(name):
            raise Rejected(400, "There is no unmanaged disk of that name")
        path = self._directory / name
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            raise Rejected(400, f"{name}: {error.strerror}") from error
        try:
            problem = _problem(os.fstat(descriptor))
            if problem:
                raise Rejected(400, f"{name}: {problem}")
            os.fchmod(descriptor, 0o600)
        except OSError as error:
            raise Rejected(400, f"{name}: {error.strerror}") from error
        finally:
            os.close(descriptor)
        return path

    def _release(self, source: Path, target: Path) -> None:
        """By a link, which nothing is overwritten by; then the former name goes."""
        try:
            os.link(source, target)
        except FileNotFoundError:
            if target.exists():
                return  # it was done before
            raise Rejected(404, f"{source.name} is not there") from None
        except FileExistsError:
            if not os.path.samefile(source, target):
                text = f"There is an unmanaged disk {target.name} already"
                raise Rejected(409, text) from None
        except OSError as error:
            raise raw_files.translated(error) from error
        try:
            os.unlink(source)
            for directory in (target.parent, source.parent):
                raw_files.sync(directory)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise raw_files.translated(error) from error


def _problem(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "It is no regular file"
    if found.st_nlink > 1:
        return "The file has another name elsewhere"
    if found.st_size == 0:
        return "The file is empty"
    return ""
