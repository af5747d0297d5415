"""The machine's own file systems behind the disk port.

Thin: one system call a method, ``OSError`` translated.  ``write_and_sync`` is
the one place that decides how a group commit reaches the platter.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import os
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import xattr

from objectstore.kernel import concurrency, page_cache, turns
from objectstore.kernel.blocks import is_of_blocks
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import (
    Buffer,
    Disk,
    FileFacts,
    Space,
    translated,
)
from objectstore.kernel.file_reads import read_around, read_cached, read_into, read_rest
from objectstore.kernel.file_writes import (
    hand_on,
    write_all,
    write_around,
    write_blocks,
    write_on_a_thread,
)
from objectstore.kernel.nameless_files import NamelessFiles
from objectstore.kernel.sync_queue import SyncQueue

P = ParamSpec("P")
T = TypeVar("T")

# Writing this much into the page cache takes some 0.1 ms: less than a hand-over to
# a thread.  Larger batches are written on one, so that the hub runs on.
WRITTEN_AT_ONCE_BYTES_MAX = 256 * 1024
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700

_libc = ctypes.CDLL(None, use_errno=True)
_SYNC_FILE_RANGE_WRITE = 2


def _translating(function: Callable[P, T]) -> Callable[P, T]:
    """Let the house's errors out, never an ``OSError``."""

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(*arguments, **named)
        except OSError as error:
            raise translated(error) from error

    return call


class SystemDisk(Disk):
    """The file systems of this machine."""

    def __init__(
        self,
        *,
        sync_without_threads: bool = True,
        nameless_files: bool = True,
        direct_writes: bool = True,
    ) -> None:
        """Without the one or the other of Linux's abilities, if so wished."""
        self._nameless = NamelessFiles(are_known=nameless_files)
        self._without_threads = sync_without_threads
        self._direct_writes = direct_writes
        self._direct: dict[int, int] = {}  # to the descriptors that they are twins of

    @_translating
    def create(self, path: str) -> int:
        """See ``Disk``."""
        return os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE
        )

    @_translating
    def open(self, path: str, *, write: bool = False) -> int:
        """See ``Disk``."""
        return os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC)

    @_translating
    def create_unnamed(self, directory: str) -> int:
        """See ``Disk``."""
        return self._nameless.create(directory, FILE_MODE)

    @_translating
    def link_unnamed(self, descriptor: int, path: str) -> None:
        """See ``Disk``."""
        self._nameless.link(descriptor, path)

    def open_direct(self, descriptor: int) -> int | None:
        """See ``Disk``."""
        if not self._direct_writes:
            return None
        flags = os.O_RDWR | os.O_DIRECT | os.O_CLOEXEC
        try:
            direct = os.open(f"/proc/self/fd/{descriptor}", flags)
        except OSError:
            # The file system does not know them, there is no /proc, no descriptor is
            # left: whatever it is, the file that is open can be written.
            return None
        self._direct[direct] = descriptor
        return direct

    def close(self, descriptor: int) -> None:
        """See ``Disk``."""
        self._direct.pop(descriptor, None)
        self._nameless.forget(descriptor)
        os.close(descriptor)

    @_translating
    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """See ``Disk``."""
        data = os.pread(descriptor, length, offset)
        if len(data) == length or not data:
            return data
        return read_rest(descriptor, data, length, offset)

    @_translating
    def pread_cached(self, descriptor: int, length: int, offset: int) -> bytes | None:
        """See ``Disk``."""
        return read_cached(descriptor, length, offset)

    @_translating
    def pread_into(self, descriptor: int, buffer: memoryview, offset: int) -> int:
        """See ``Disk``."""
        return read_into(descriptor, buffer, offset)

    def read_around(self, direct: int, memory: memoryview, offset: int) -> Promise[int]:
        """See ``Disk``."""
        queue = SyncQueue.of_process() if self._without_threads else None
        return read_around(queue, direct, self._direct[direct], memory, offset)

    @_translating
    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """See ``Disk``."""
        ordinary = self._direct.get(descriptor)
        if ordinary is None:
            return write_all(descriptor, buffers, offset)
        (memory,) = buffers
        return write_blocks(descriptor, ordinary, memory, offset)

    @_translating
    def truncate(self, descriptor: int, length: int) -> None:
        """See ``Disk``."""
        os.ftruncate(descriptor, length)

    @_translating
    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        os.posix_fallocate(descriptor, offset, length)

    @_translating
    def sync_data(self, descriptor: int) -> None:
        """See ``Disk``."""
        os.fdatasync(descriptor)

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        _libc.sync_file_range(
            descriptor,
            ctypes.c_int64(offset),
            ctypes.c_int64(length),
            _SYNC_FILE_RANGE_WRITE,
        )

    def forget_cached(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)

    def cached_bytes(self, descriptor: int, offset: int, length: int) -> int:
        """See ``Disk``."""
        return page_cache.cached_bytes(descriptor, offset, length)

    @_translating
    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        page_cache.bring(descriptor, offset, length)

    def cache_room(self) -> int:
        """See ``Disk``."""
        return page_cache.room_bytes()

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        """See ``Disk``."""
        queue = SyncQueue.of_process() if self._without_threads else None
        if descriptor in self._direct:
            (memory,) = buffers
            assert isinstance(memory, memoryview) and is_of_blocks(memory)
            ordinary = self._direct[descriptor]
            return write_around(queue, descriptor, ordinary, memory, offset)
        if queue is None or sum(map(len, buffers)) > WRITTEN_AT_ONCE_BYTES_MAX:
            return write_on_a_thread(descriptor, buffers, offset)
        try:
            write_all(descriptor, buffers, offset)
        except OSError as error:
            return Promise.failed(translated(error))
        promise: Promise[None] = Promise()
        queue.sync(descriptor).when_done(lambda done: hand_on(done, promise))
        return promise

    @_translating
    def facts(self, path: str) -> FileFacts:
        """See ``Disk``."""
        status = os.stat(path)
        is_directory = (status.st_mode & 0o170000) == 0o040000
        return FileFacts(status.st_size, status.st_mtime, is_directory)

    @_translating
    def size(self, descriptor: int) -> int:
        """See ``Disk``."""
        return os.fstat(descriptor).st_size

    @_translating
    def list(self, directory: str) -> list[str]:
        """See ``Disk``."""
        return sorted(os.listdir(directory))

    @_translating
    def make_directories(self, path: str) -> None:
        """See ``Disk``."""
        if os.path.isdir(path):
            return
        parent = os.path.dirname(os.path.abspath(path))
        self.make_directories(parent)
        try:
            os.mkdir(path, DIRECTORY_MODE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
        self.sync_directory(parent)

    @_translating
    def rename(self, source: str, target: str) -> None:
        """See ``Disk``."""
        os.rename(source, target)

    @_translating
    def unlink(self, path: str) -> None:
        """See ``Disk``."""
        os.unlink(path)

    @_translating
    def sync_directory(self, path: str) -> None:
        """See ``Disk``."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @_translating
    def replace_file(self, path: str, content: bytes) -> None:
        """See ``Disk``."""
        temporary = f"{path}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, FILE_MODE)
        try:
            write_all(descriptor, [content], 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
        self.sync_directory(os.path.dirname(path))

    @_translating
    def read_file(self, path: str) -> bytes:
        """See ``Disk``."""
        with open(path, "rb") as file:
            return file.read()

    @_translating
    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        """See ``Disk``."""
        xattr.setxattr(descriptor, f"user.{name}", value)

    @_translating
    def get_attribute(self, descriptor: int, name: str) -> bytes:
        """See ``Disk``."""
        value: bytes = xattr.getxattr(descriptor, f"user.{name}")
        return value

    @_translating
    def space(self, path: str) -> Space:
        """See ``Disk``."""
        status = os.statvfs(path)
        total = status.f_blocks - status.f_bfree + status.f_bavail
        return Space(total * status.f_frsize, status.f_bavail * status.f_frsize)

    def is_mount(self, path: str) -> bool:
        """See ``Disk``."""
        return os.path.ismount(path)

    @_translating
    def lock(self, path: str) -> int:
        """See ``Disk``."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise translated(error) from error
        return descriptor

    def is_open_elsewhere(self, descriptor: int) -> bool:
        """See ``Disk``."""
        # The kernel leases a file for writing to its only opener.
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError:
            return True
        return False

    def pause(self, seconds: float) -> None:
        """See ``Disk``."""
        time.sleep(seconds)

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        """See ``Disk``."""
        return concurrency.offload(function, *arguments)

    def offload_in_turn(self, function: Callable[..., T], *arguments: object) -> T:
        """See ``Disk``."""
        return turns.offload_in_turn(function, *arguments)
