"""A disk in memory that fills up, fails and loses power on command.

    disk = MemoryDisk(quota_bytes=1 << 20)
    disk.fail("write_and_sync", after=2)      # the third from now on fails once
    disk.dies_after(17)                       # after 17 more changes all calls fail
    survivor = disk.after_power_loss(random)  # what a restart would find

What survives is what the port promises and not more: synced bytes, synced names.
A direct write is its own sync and no one else's.
Anything newer is kept, lost or torn at sector boundaries as ``random`` decides, each
write by itself.  Nothing here waits: ``offload`` calls, promises are kept at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from objectstore.kernel.blocks import BLOCK_BYTES, is_of_blocks
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import (
    Buffer,
    Disk,
    FileFacts,
    FileMissing,
    FilePresent,
    Locked,
    Space,
)
from objectstore.kernel.errors import (
    InsufficientStorage,
    RingstackError,
    Unavailable,
)
from test.fakes.disk_file import File

T = TypeVar("T")
# A disk that nobody fills.
QUOTA_BYTES = 1 << 40


class PowerLoss(Unavailable):
    """The disk is dead."""


class MemoryDisk(Disk):
    """See the module."""

    def __init__(self, *, quota_bytes: int = QUOTA_BYTES) -> None:
        self.quota_bytes = quota_bytes
        self.changes = 0  # calls that changed something
        self.dead = False
        self.mounts: set[str] = set()
        self._dies_at: int | None = None
        self._planned: dict[str, list[tuple[int, RingstackError]]] = {}
        self._calls: dict[str, int] = {}
        self._names: dict[str, File] = {}
        self._synced_names: dict[str, File] = {}
        self._renamed: dict[str, str] = {}  # new name: old name; not synced yet
        self._directories: set[str] = {"/"}
        self._open: dict[int, File] = {}
        self._direct: set[int] = set()
        self._next = 1000
        self._locks: dict[int, str] = {}

    # ---- faults -------------------------------------------------------------

    def fail(
        self, call: str, *, after: int = 0, error: RingstackError | None = None
    ) -> None:
        """Let one call fail, ``after`` good ones from now."""
        at = self._calls.get(call, 0) + after
        planned = self._planned.setdefault(call, [])
        planned.append((at, error or Unavailable(f"planned fault in {call}")))

    def dies_after(self, changes: int) -> None:
        """Lose power after so many more changes."""
        self._dies_at = self.changes + changes

    def after_power_loss(self, random: Random) -> MemoryDisk:
        """The disk as a restart finds it."""
        survivor = self._twin()
        survivor.mounts = set(self.mounts)
        survivor._directories = set(self._directories)
        names = dict(self._synced_names)
        changed = set(self._names.keys() ^ self._synced_names.keys())
        for target, source in sorted(self._renamed.items()):
            # A rename is in the directory whole, or not at all.
            if {target, source} <= changed:
                changed -= {target, source}
                if random.random() < 0.5:
                    names[target] = names.pop(source, self._names[target])
        for name in sorted(changed):
            if random.random() < 0.5:
                continue
            if name in self._names:
                names[name] = self._names[name]
            else:
                del names[name]
        files = {id(file): file.survivor(random) for file in names.values()}
        survivor._names = {name: files[id(file)] for name, file in names.items()}
        survivor._synced_names = dict(survivor._names)
        return survivor

    def _twin(self) -> MemoryDisk:
        """An empty disk of the same kind."""
        return MemoryDisk(quota_bytes=self.quota_bytes)

    def meet(self, call: str, *, changes: bool) -> None:
        """Count a call; raise what it shall end with, if anything."""
        if changes and self._dies_at is not None and self.changes >= self._dies_at:
            self.dead = True
        if self.dead:
            raise PowerLoss("the disk has no power")
        number = self._calls.get(call, 0)
        self._calls[call] = number + 1
        for planned in self._planned.get(call, []):
            if planned[0] == number:
                self._planned[call].remove(planned)
                raise planned[1]
        self.changes += changes

    def _take(self, file: File, end: int) -> None:
        if self.quota_bytes == QUOTA_BYTES:
            return
        growth = max(0, end - file.length)
        if self._used() + growth > self.quota_bytes:
            raise InsufficientStorage("the disk is full")

    def _used(self) -> int:
        files = {id(file): file for file in self._names.values()}
        files.update({id(file): file for file in self._open.values()})
        return sum(file.length for file in files.values())

    # ---- descriptors --------------------------------------------------------

    def _opened(self, file: File) -> int:
        self._next += 1
        self._open[self._next] = file
        return self._next

    def _file(self, path: str) -> File:
        if path not in self._names:
            raise FileMissing(path)
        return self._names[path]

    def create(self, path: str) -> int:
        self.meet("create", changes=True)
        if path in self._names:
            raise FilePresent(path)
        if os.path.dirname(path) not in self._directories:
            raise FileMissing(path)
        file = self._names[path] = File()
        return self._opened(file)

    def open(self, path: str, *, write: bool = False) -> int:
        self.meet("open", changes=False)
        return self._opened(self._file(path))

    def create_unnamed(self, directory: str) -> int:
        self.meet("create_unnamed", changes=True)
        if directory not in self._directories:
            raise FileMissing(directory)
        return self._opened(File())

    def link_unnamed(self, descriptor: int, path: str) -> None:
        self.meet("link_unnamed", changes=True)
        if path in self._names:
            raise FilePresent(path)
        self._names[path] = self._open[descriptor]

    def open_direct(self, descriptor: int) -> int | None:
        direct = self._opened(self._open[descriptor])
        self._direct.add(direct)
        return direct

    def check_direct(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> None:
        """What the kernel would refuse."""
        if descriptor in self._direct:
            (memory,) = buffers
            assert isinstance(memory, memoryview) and is_of_blocks(memory)
            assert offset % BLOCK_BYTES == 0

    def close(self, descriptor: int) -> None:
        self._direct.discard(descriptor)
        self._open.pop(descriptor, None)
        self._locks.pop(descriptor, None)

    # ---- bytes --------------------------------------------------------------

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        self.meet("pread", changes=False)
        return self._open[descriptor].read(offset, length)

    def pread_cached(self, descriptor: int, length: int, offset: int) -> bytes | None:
        data = self.pread(descriptor, length, offset)
        return data if len(data) == length else None

    def pread_into(self, descriptor: int, buffer: memoryview, offset: int) -> int:
        data = self.pread(descriptor, len(buffer), offset)
        buffer[: len(data)] = data
        return len(data)

    def read_around(self, direct: int, memory: memoryview, offset: int) -> Promise[int]:
        assert direct in self._direct
        self.check_direct(direct, [memory], offset)
        try:
            return Promise.of(self.pread_into(direct, memory, offset))
        except RingstackError as error:
            return Promise.failed(error)

    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        self.meet("pwrite", changes=True)
        self.check_direct(descriptor, buffers, offset)
        data = b"".join(buffers)
        self._take(self._open[descriptor], offset + len(data))
        self._open[descriptor].write(offset, data)
        return len(data)

    def truncate(self, descriptor: int, length: int) -> None:
        self.meet("truncate", changes=True)
        self._open[descriptor].resize(length)

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        self.meet("allocate", changes=True)
        file = self._open[descriptor]
        self._take(file, offset + length)
        if offset + length > file.length:
            file.resize(offset + length)

    def sync_data(self, descriptor: int) -> None:
        self.meet("sync_data", changes=True)
        self._open[descriptor].sync()

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        pass

    def forget_cached(self, descriptor: int, offset: int, length: int) -> None:
        pass

    def cached_bytes(self, descriptor: int, offset: int, length: int) -> int:
        return 0

    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        self.meet("pread", changes=False)

    def cache_room(self) -> int:
        return 0

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        self.check_direct(descriptor, buffers, offset)
        data = b"".join(buffers)
        try:
            self.meet("write_and_sync", changes=True)
            self._take(self._open[descriptor], offset + len(data))
        except RingstackError as error:
            if descriptor in self._open:  # some of it may have got there
                self._open[descriptor].write(offset, data)
            return Promise.failed(error)
        file = self._open[descriptor]
        file.write(offset, data)
        if descriptor in self._direct:
            file.sync_one((offset, data))
        else:
            file.sync()
        return Promise.of(None)

    # ---- names --------------------------------------------------------------

    def facts(self, path: str) -> FileFacts:
        self.meet("facts", changes=False)
        if path in self._directories:
            return FileFacts(0, 0.0, True)
        return FileFacts(self._file(path).length, 0.0, False)

    def size(self, descriptor: int) -> int:
        return self._open[descriptor].length

    def list(self, directory: str) -> list[str]:
        self.meet("list", changes=False)
        if directory not in self._directories:
            raise FileMissing(directory)
        there = [*self._names, *self._directories - {"/"}]
        return sorted(
            {os.path.basename(p) for p in there if os.path.dirname(p) == directory}
        )

    def make_directories(self, path: str) -> None:
        self.meet("make_directories", changes=True)
        while path not in self._directories:
            self._directories.add(path)
            path = os.path.dirname(path)

    def make_directory(self, path: str) -> None:
        self.meet("make_directory", changes=True)
        if os.path.dirname(path) not in self._directories:
            raise FileMissing(os.path.dirname(path))
        self._directories.add(path)

    def rename(self, source: str, target: str) -> None:
        self.meet("rename", changes=True)
        self._names[target] = self._file(source)
        del self._names[source]
        self._renamed[target] = source

    def unlink(self, path: str) -> None:
        self.meet("unlink", changes=True)
        self._file(path)
        del self._names[path]

    def sync_directory(self, path: str) -> None:
        self.meet("sync_directory", changes=True)
        for name in self._names.keys() | self._synced_names.keys():
            if os.path.dirname(name) != path:
                continue
            if name in self._names:
                self._synced_names[name] = self._names[name]
            else:
                del self._synced_names[name]
            self._renamed.pop(name, None)

    def replace_file(self, path: str, content: bytes) -> None:
        self.meet("replace_file", changes=True)
        file = File()
        file.write(0, content)
        file.sync()
        self._names[path] = self._synced_names[path] = file

    def read_file(self, path: str) -> bytes:
        self.meet("read_file", changes=False)
        file = self._file(path)
        return file.read(0, file.length)

    # ---- the rest -----------------------------------------------------------

    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        self.meet("set_attribute", changes=True)
        self._open[descriptor].attributes[name] = value

    def get_attribute(self, descriptor: int, name: str) -> bytes:
        try:
            return self._open[descriptor].attributes[name]
        except KeyError:
            raise Unavailable(f"no attribute {name}") from None

    def space(self, path: str) -> Space:
        self.meet("space", changes=False)
        return Space(self.quota_bytes, max(0, self.quota_bytes - self._used()))

    def is_mount(self, path: str) -> bool:
        return path in self.mounts

    def lock(self, path: str) -> int:
        self.meet("lock", changes=False)
        if path in self._locks.values():
            raise Locked(path)
        descriptor = self._opened(self._names.setdefault(path, File()))
        self._locks[descriptor] = path
        return descriptor

    def is_open_elsewhere(self, descriptor: int) -> bool:
        file = self._open[descriptor]
        return sum(other is file for other in self._open.values()) > 1

    def pause(self, seconds: float) -> None:
        pass

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        return function(*arguments)

    def offload_in_turn(self, function: Callable[..., T], *arguments: object) -> T:
        return self.offload(function, *arguments)
