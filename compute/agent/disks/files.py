"""Files of the disks folder: made under a temporary name, then renamed, durably.

The disks are files that QEMU opens by path, so this folder works on the file system
itself; what it needs of it is here.  Everything that may wait for a disk runs on a
native thread.  ``OSError`` leaves as the house's errors.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from typing import TypeVar

from objectstore.kernel import concurrency
from objectstore.kernel.disk import translated

T = TypeVar("T")

PRIVATE_MODE = 0o700
TEMPORARY_PREFIX = ".new-"
"""Names that begin so are work under way, or left by a killed process."""


def on_thread(function: Callable[..., T], *arguments: object) -> T:
    """Run it on a native thread, its ``OSError`` translated."""
    try:
        return concurrency.offload(function, *arguments)
    except OSError as error:
        raise translated(error) from error


def make_directory(path: str) -> None:
    """Make it and its parents, for the owner only; fine when there."""
    try:
        os.makedirs(path, PRIVATE_MODE, exist_ok=True)
    except OSError as error:
        raise translated(error) from error


@contextlib.contextmanager
def new_file(path: str) -> Iterator[str]:
    """A temporary path to write to; when the block ends well the file there is
    synced and becomes ``path``, otherwise it is removed.

    The temporary name is always the same for one path: a repetition begins by
    removing what a killed attempt left.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, TEMPORARY_PREFIX + name)
    remove_file(temporary)
    try:
        yield temporary
        on_thread(_settle, temporary, path, directory)
    except BaseException:
        remove_file(temporary)
        raise


def _settle(temporary: str, path: str, directory: str) -> None:
    _sync(temporary)
    os.rename(temporary, path)
    _sync(directory)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_file(path: str) -> None:
    """Remove it; fine when not there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise translated(error) from error


def remove_tree(path: str) -> None:
    """Remove a directory and all in it; fine when not there."""
    if os.path.lexists(path):
        on_thread(shutil.rmtree, path)


def is_file(path: str) -> bool:
    """Whether there is a regular file of that name."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def names_in(directory: str) -> list[str]:
    """The names in it, sorted; none when it is not there."""
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise translated(error) from error


def read_piece(path: str, offset: int, length: int) -> bytes:
    """These bytes of a file; fewer at its end.  Blocks: small pieces only, or by
    ``on_thread``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise translated(error) from error


def size_of(path: str) -> int:
    """Its length in bytes."""
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise translated(error) from error


def free_bytes(directory: str) -> int:
    """What may still be written to its file system."""
    try:
        space = os.statvfs(directory)
    except OSError as error:
        raise translated(error) from error
    return space.f_bavail * space.f_frsize


def allocated_bytes(directory: str) -> int:
    """What the files in it take on disk (holes do not count)."""
    total = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            with contextlib.suppress(OSError):
                total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def write_file(path: str, content: bytes) -> None:
    """Write a small file (on a native thread)."""
    with open(path, "wb") as file:
        file.write(content)


def copy_file(source: str, target: str) -> None:
    """A copy of a file."""
    on_thread(shutil.copyfile, source, target)
