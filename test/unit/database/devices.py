"""Devices for tests: a real directory, on a disk that can be told to fill up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import InsufficientStorage
from objectstore.kernel.system_disk import SystemDisk


class FillableDisk(SystemDisk):
    """The machine's disk; while ``is_full`` nothing can be written."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False

    def _check(self) -> None:
        if self.is_full:
            raise InsufficientStorage("the disk is full")

    def create(self, path: str) -> int:
        self._check()
        return super().create(path)

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        self._check()
        super().allocate(descriptor, offset, length)

    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        self._check()
        return super().pwrite(descriptor, buffers, offset)

    def replace_file(self, path: str, content: bytes) -> None:
        self._check()
        super().replace_file(path, content)

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        if self.is_full:
            return Promise.failed(InsufficientStorage("the disk is full"))
        return super().write_and_sync(descriptor, buffers, offset)


def device_at(path: Path, disk: SystemDisk | None = None) -> Device:
    """The device in that directory, opened."""
    return Device.open(disk or SystemDisk(), str(path / "device"))
