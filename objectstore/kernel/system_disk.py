"""The machine's own file systems behind the disk port.

Thin: one system call a method, ``OSError`` translated.  ``write_and_sync`` is
the one place that decides how a group commit reaches the platter.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import xattr

from objectstore.kernel import concurrency, file_claims, page_cache, turns
from objectstore.kernel.blocks import is_of_blocks
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import (
    Buffer,
    Disk,
    FileFacts,
    Space,
    translated,
    translating,
)
from objectstore.kernel.durable_names import (
    FILE_MODE,
    make_directories,
    make_directory,
    replace_file,
    sync_directory,
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

T = TypeVar("T")

# Writing this much into the page cache takes some 0.1 ms: less than a hand-over to
# a thread.  Larger batches are written on one, so that the hub runs on.
WRITTEN_AT_ONCE_BYTES_MAX = 256 * 1024


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

    @translating
    def create(self, path: str) -> int:
        """See ``Disk``."""
        return os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE
        )

    @translating
    def open(self, path: str, *, write: bool = False) -> int:
        """See ``Disk``."""
        return os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC)

    @translating
    def create_unnamed(self, directory: str) -> int:
        """See ``Disk``."""
        return self._nameless.create(directory, FILE_MODE)

    @translating
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

    @translating
    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """See ``Disk``."""
        data = os.pread(descriptor, length, offset)
        if len(data) == length or not data:
            return data
        return read_rest(descriptor, data, length, offset)

    @translating
    def pread_cached(self, descriptor: int, length: int, offset: int) -> bytes | None:
        """See ``Disk``."""
        return read_cached(descriptor, length, offset)

    @translating
    def pread_into(self, descriptor: int, buffer: memoryview, offset: int) -> int:
        """See ``Disk``."""
        return read_into(descriptor, buffer, offset)

    def read_around(self, direct: int, memory: memoryview, offset: int) -> Promise[int]:
        """See ``Disk``."""
        queue = SyncQueue.of_process() if self._without_threads else None
        return read_around(queue, direct, self._direct[direct], memory, offset)

    @translating
    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """See ``Disk``."""
        ordinary = self._direct.get(descriptor)
        if ordinary is None:
            return write_all(descriptor, buffers, offset)
        (memory,) = buffers
        return write_blocks(descriptor, ordinary, memory, offset)

    @translating
    def truncate(self, descriptor: int, length: int) -> None:
        """See ``Disk``."""
        os.ftruncate(descriptor, length)

    @translating
    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        os.posix_fallocate(descriptor, offset, length)

    @translating
    def sync_data(self, descriptor: int) -> None:
        """See ``Disk``."""
        os.fdatasync(descriptor)

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        page_cache.start_writeback(descriptor, offset, length)

    def forget_cached(self, descriptor: int, offset: int, length: int) -> None:
        """See ``Disk``."""
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)

    def cached_bytes(self, descriptor: int, offset: int, length: int) -> int:
        """See ``Disk``."""
        return page_cache.cached_bytes(descriptor, offset, length)

    @translating
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

    @translating
    def facts(self, path: str) -> FileFacts:
        """See ``Disk``."""
        status = os.stat(path)
        is_directory = (status.st_mode & 0o170000) == 0o040000
        return FileFacts(status.st_size, status.st_mtime, is_directory)

    @translating
    def size(self, descriptor: int) -> int:
        """See ``Disk``."""
        return os.fstat(descriptor).st_size

    @translating
    def list(self, directory: str) -> list[str]:
        """See ``Disk``."""
        return sorted(os.listdir(directory))

    @translating
    def make_directories(self, path: str) -> None:
        """See ``Disk``."""
        make_directories(path)

    @translating
    def make_directory(self, path: str) -> None:
        """See ``Disk``."""
        make_directory(path)

    @translating
    def rename(self, source: str, target: str) -> None:
        """See ``Disk``."""
        os.rename(source, target)

    @translating
    def unlink(self, path: str) -> None:
        """See ``Disk``."""
        os.unlink(path)

    @translating
    def sync_directory(self, path: str) -> None:
        """See ``Disk``."""
        sync_directory(path)

    @translating
    def replace_file(self, path: str, content: bytes) -> None:
        """See ``Disk``."""
        replace_file(path, content)

    @translating
    def read_file(self, path: str) -> bytes:
        """See ``Disk``."""
        with open(path, "rb") as file:
            return file.read()

    @translating
    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        """See ``Disk``."""
        xattr.setxattr(descriptor, f"user.{name}", value)

    @translating
    def get_attribute(self, descriptor: int, name: str) -> bytes:
        """See ``Disk``."""
        value: bytes = xattr.getxattr(descriptor, f"user.{name}")
        return value

    @translating
    def space(self, path: str) -> Space:
        """See ``Disk``."""
        status = os.statvfs(path)
        total = status.f_blocks - status.f_bfree + status.f_bavail
        return Space(total * status.f_frsize, status.f_bavail * status.f_frsize)

    def is_mount(self, path: str) -> bool:
        """See ``Disk``."""
        return os.path.ismount(path)

    @translating
    def lock(self, path: str) -> int:
        """See ``Disk``."""
        return file_claims.lock(path)

    def is_open_elsewhere(self, descriptor: int) -> bool:
        """See ``Disk``."""
        return file_claims.is_open_elsewhere(descriptor)

    def pause(self, seconds: float) -> None:
        """See ``Disk``."""
        time.sleep(seconds)

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        """See ``Disk``."""
        return concurrency.offload(function, *arguments)

    def offload_in_turn(self, function: Callable[..., T], *arguments: object) -> T:
        """See ``Disk``."""
        return turns.offload_in_turn(function, *arguments)
