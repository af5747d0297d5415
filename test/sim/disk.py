"""The disk of one simulated machine: slow, failing, and mortal.

``MemoryDisk`` with time: a sync lasts, a call on a native thread comes back later,
and power can fail between any two of them.  Files of SQLite are real ones (see
``sqlite_files``), in a directory of this life of the machine.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer, FileFacts, translated
from objectstore.kernel.errors import RingstackError, Unavailable
from test.fakes.disk import QUOTA_BYTES, MemoryDisk, PowerLoss
from test.fakes.disk_file import Change, File
from test.sim.sqlite_files import SqliteFiles, is_sqlite

T = TypeVar("T")
# Descriptors of real files are told by their size from those in memory.
REAL_DESCRIPTORS = 1_000_000
SYNC_SECONDS = (0.0002, 0.004)
# Where every record, or block, has a checksum.
CHECKED = ("/objects/log/", "/objects/bodies/")
OFFLOAD_SECONDS = (0.0, 0.001)


class SimulatedDisk(MemoryDisk):
    """See the module.  ``directory`` is where this life's files are."""

    def __init__(self, directory: Path, random: Random) -> None:
        super().__init__()
        self.directory = directory
        self.slow_seconds = 0.0  # added to every sync
        self.error_rate = 0.0  # of syncs that fail
        self.on_death: Callable[[], None] | None = None
        self._random = random
        self._sqlite = SqliteFiles()
        self._real_names: dict[int, str] = {}
        directory.mkdir(parents=True)
        self._directories.add(str(directory))

    def survivor(self, directory: Path) -> SimulatedDisk:
        """What the machine finds after a power loss, in a new directory."""
        twin = type(self)(directory, self._random)
        before = MemoryDisk.after_power_loss(self, self._random)
        old, new = str(self.directory), str(directory)
        for path, file in before._names.items():
            twin._names[path.replace(old, new, 1)] = file
        twin._directories |= {path.replace(old, new, 1) for path in before._directories}
        twin._synced_names = dict(twin._names)
        twin.quota_bytes = self.quota_bytes
        twin._sqlite = self._sqlite.survive(self.directory, directory, self._random)
        return twin

    def remove(self) -> None:
        """This life is over and its files are not needed any more."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def meet(self, call: str, *, changes: bool) -> None:
        was_dead = self.dead
        try:
            super().meet(call, changes=changes)
        except PowerLoss:
            if not was_dead and self.on_death is not None:
                self.on_death()
            raise

    # ---- room, and rot -----------------------------------------------------------

    def leave_room(self, spare_bytes: int | None) -> None:
        """Let so much more be written before it is full; None: as much as one likes.
        SQLite's files are not counted."""
        room = QUOTA_BYTES if spare_bytes is None else self._used() + spare_bytes
        self.quota_bytes = room

    def flip_bit(self) -> bool:
        """Turn a bit over, in a file that has checksums; False: there is none."""
        rotten = [
            self._names[path]
            for path in sorted(self._names)
            if any(part in path for part in CHECKED) and self._names[path].synced
        ]
        return bool(rotten) and self._random.choice(rotten).flip_bit(self._random)

    # ---- time -------------------------------------------------------------------

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        concurrency.sleep(self._random.uniform(*OFFLOAD_SECONDS) + self.slow_seconds)
        return function(*arguments)

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        promise: Promise[None] = Promise()
        try:
            self.pwrite(descriptor, buffers, offset)
        except RingstackError as error:
            return Promise.failed(error)
        file = self._open[descriptor]
        count = len(file.pending)
        # Only its own bytes are safe after a direct write.
        own = file.pending[-1] if descriptor in self._direct else None

        def end() -> None:
            try:
                self.meet("write_and_sync", changes=True)
                self._maybe_fail()
                now = own and self._in_memory_now(file, own, buffers)
                self.synced(file, count, now)
            except RingstackError as error:
                promise.fail(error)
            else:
                promise.resolve(None)

        delay = self._random.uniform(*SYNC_SECONDS) + self.slow_seconds
        concurrency.spawn_later(delay, end)
        return promise

    def _in_memory_now(
        self, file: File, own: Change, buffers: Sequence[Buffer]
    ) -> Change:
        """The device fetches a direct write's bytes from memory, when it likes: if they
        are not the same any more, it wrote the new ones."""
        (memory,) = buffers
        if own[1] == memory or own not in file.pending:
            return own
        file.pending.remove(own)
        file.write(own[0], bytes(memory))
        return file.pending[-1]

    def synced(self, file: File, count: int, own: Change | None) -> None:
        """The first ``count`` changes of those pending are safe now, or only the
        ``own`` of a direct write."""
        if own is None:
            file.sync(count)
        else:
            file.sync_one(own)

    def _maybe_fail(self) -> None:
        if self.error_rate and self._random.random() < self.error_rate:
            raise Unavailable("disk: simulated input/output error")

    # ---- SQLite's files ---------------------------------------------------------

    def create(self, path: str) -> int:
        if not is_sqlite(path):
            return super().create(path)
        self.meet("create", changes=True)
        self._sqlite.created(path)
        return self._real_descriptor(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def open(self, path: str, *, write: bool = False) -> int:
        if not is_sqlite(path):
            return super().open(path, write=write)
        self.meet("open", changes=False)
        return self._real_descriptor(path, os.O_RDWR)

    def _real_descriptor(self, path: str, flags: int) -> int:
        descriptor = _real(os.open, path, flags) + REAL_DESCRIPTORS
        self._real_names[descriptor] = path
        return descriptor

    def close(self, descriptor: int) -> None:
        if descriptor < REAL_DESCRIPTORS:
            super().close(descriptor)
        else:
            self._real_names.pop(descriptor, None)
            os.close(descriptor - REAL_DESCRIPTORS)

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        if descriptor < REAL_DESCRIPTORS:
            return super().pread(descriptor, length, offset)
        return os.pread(descriptor - REAL_DESCRIPTORS, length, offset)

    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        if descriptor < REAL_DESCRIPTORS:
            return super().pwrite(descriptor, buffers, offset)
        self.meet("pwrite", changes=True)
        return os.pwritev(descriptor - REAL_DESCRIPTORS, buffers, offset)

    def sync_data(self, descriptor: int) -> None:
        self._maybe_fail()
        if descriptor < REAL_DESCRIPTORS:
            super().sync_data(descriptor)
            return
        self.meet("sync_data", changes=True)
        self._sqlite.log_synced(self._real_names[descriptor])

    def facts(self, path: str) -> FileFacts:
        if not is_sqlite(path):
            return super().facts(path)
        self.meet("facts", changes=False)
        return FileFacts(_real(os.stat, path).st_size, 0.0, False)

    def list(self, directory: str) -> list[str]:
        names = set(super().list(directory))
        names.update(name for name in os.listdir(directory) if is_sqlite(name))
        return sorted(names)

    def make_directories(self, path: str) -> None:
        super().make_directories(path)
        os.makedirs(path, exist_ok=True)

    def make_directory(self, path: str) -> None:
        super().make_directory(path)
        os.makedirs(path, exist_ok=True)

    def rename(self, source: str, target: str) -> None:
        if not is_sqlite(source):
            super().rename(source, target)
            return
        self.meet("rename", changes=True)
        _real(os.rename, source, target)

    def unlink(self, path: str) -> None:
        if not is_sqlite(path):
            super().unlink(path)
            return
        self.meet("unlink", changes=True)
        _real(os.unlink, path)

    def sync_directory(self, path: str) -> None:
        super().sync_directory(path)
        self._sqlite.directory_synced(path)


def _real(call: Callable[..., T], *arguments: object) -> T:
    try:
        return call(*arguments)
    except OSError as error:
        raise translated(error) from error
