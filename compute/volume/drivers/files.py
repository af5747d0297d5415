"""Volumes as raw sparse files of this host, exported by daemons of QEMU's.

disks/volume-<id>.raw       disks/snapshot-<id>.raw     disks/copy-<job id>.raw
disks/*.part                what is being made, and has no name of its own yet
unmanaged/<name>            what no row knows: brought by an operator, or let go
exports/<volume>/<attachment>.json, exports/daemons/
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compute.core.disks import qemu_img
from compute.core.program import ProgramFailed, ProgramMissing
from compute.core.sockets import socket_directory
from compute.volume.connection import ConnectionInfo, Connector
from compute.volume.drivers import encrypted, raw_files
from compute.volume.drivers.exports import Exports
from compute.volume.drivers.image_check import check_image_size, check_self_contained
from compute.volume.drivers.listening import Listening
from compute.volume.drivers.live_copy import copy_live
from compute.volume.drivers.port import (
    VOLUME,
    Capacity,
    Copy,
    ExportAsked,
    NoSuchDisk,
)
from compute.volume.drivers.together import Mirror, copy_together
from compute.volume.drivers.unmanaged_files import UnmanagedFiles
from compute.volume.encryption import DiskKey
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import offload
from objectstore.kernel.errors import Rejected

SUFFIX, PART = ".raw", ".part"


class FilesDriver:
    """See ``VolumeDriver``."""

    def __init__(
        self, directory: Path, listening: Listening, random_hex: Callable[[int], str]
    ) -> None:
        """What was cut short by our death is cleared away."""
        self._disks = directory / "disks"
        self._disks.mkdir(parents=True, exist_ok=True, mode=0o700)
        sockets = socket_directory(str(directory.absolute()))
        self.unmanaged = UnmanagedFiles(directory / "unmanaged", self._file)
        self._listening = listening
        self._exports = Exports(directory / "exports", sockets, listening, random_hex)
        self._copying: dict[str, concurrency.Semaphore] = {}
        for part in self._disks.glob(f"*{PART}"):
            part.unlink(missing_ok=True)
        self._exports.tidy()

    def stop(self) -> None:
        """End the daemons: for clouds that end with their process."""
        self._exports.stop_all()

    # ---- disks -----------------------------------------------------------------

    def capacity(self) -> Capacity:
        """See ``VolumeDriver``."""
        found = os.statvfs(self._disks)
        return Capacity(
            found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
        )

    def create(self, disk: str, size_bytes: int, key: DiskKey | None = None) -> None:
        """See ``VolumeDriver``."""
        with self._part(disk) as part:
            if key is not None:
                encrypted.make(part, size_bytes, key)
            else:
                offload(raw_files.make, part, size_bytes)

    def fill(
        self,
        disk: str,
        pieces: Iterable[bytes],
        image_format: str,
        size_bytes: int,
        key: DiskKey | None = None,
    ) -> None:
        """See ``VolumeDriver``."""
        program_format = qemu_img.FORMATS.get(image_format)
        if program_format is None:
            raise Rejected(400, f"An image of format {image_format} cannot be used")
        with self._part(disk) as part:
            if program_format == "raw" and key is None:
                offload(raw_files.make, part, size_bytes)
                _pour(pieces, part, size_bytes)
                return
            with self._part(f"{disk}-image", keep=False) as image:
                offload(raw_files.make, image, 0)
                _pour(pieces, image, 0)
                _check_image(image, program_format, size_bytes)
                if key is not None:
                    encrypted.make(part, size_bytes, key)
                    with _blaming_the_image():
                        encrypted.write_over(image, program_format, part, key)
                    return
                with _blaming_the_image():
                    qemu_img.convert_to_raw(str(image), program_format, str(part))
            offload(os.truncate, part, size_bytes)

    def copy(self, source: str, target: str, size_bytes: int) -> None:
        """See ``VolumeDriver``."""
        path = self._path(source)
        with self._alone(source), self._part(target) as part:
            offload(raw_files.make, part, self.size(source))
            if not offload(raw_files.clone, path, part):
                if source.startswith(VOLUME):
                    volume_id = source.removeprefix(VOLUME)
                    with self._exports.borrow(volume_id, path) as place:
                        copy_live(place, part)
                else:
                    _copy_still(path, part)
            self._grow_part(part, size_bytes)

    def copy_together(self, copies: Sequence[Copy]) -> None:
        """See ``VolumeDriver``.  Always byte by byte: disks that share blocks would
        have to stand still while what is not yet written is."""
        with ExitStack() as stack:
            mirrors = []
            for each in sorted(copies, key=lambda each: each.source):
                path, volume_id = self._path(each.source), each.source[len(VOLUME) :]
                stack.enter_context(self._alone(each.source))
                part = stack.enter_context(self._part(each.target))
                offload(raw_files.make, part, self.size(each.source))
                # The copy is put in place when its disk is nobody's target any more.
                stack.callback(self._grow_part, part, each.size_bytes)
                place = stack.enter_context(self._exports.borrow(volume_id, path))
                sink = self._exports.sink_of(volume_id)
                mirrors.append(Mirror(place, part, sink))
            copy_together(mirrors)

    def rename(self, disk: str, name: str) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            offload(raw_files.put_in_place, self._path(disk), self._file(name))

    def delete(self, disk: str) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            self._file(disk).unlink(missing_ok=True)

    def resize(self, disk: str, size_bytes: int) -> None:
        """See ``VolumeDriver``."""
        path = self._path(disk)
        with _translating():
            if os.path.getsize(path) < size_bytes:
                os.truncate(path, size_bytes)
        if disk.startswith(VOLUME):
            self._exports.follow_size(disk.removeprefix(VOLUME), size_bytes)

    def reopen(self, volume_id: str) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            self._exports.reopen(volume_id, self.size(VOLUME + volume_id))

    def size(self, disk: str) -> int:
        """See ``VolumeDriver``."""
        return os.path.getsize(self._path(disk))

    def read(self, disk: str, offset: int, length: int) -> bytes:
        """See ``VolumeDriver``."""
        with _translating():
            return offload(raw_files.read, self._path(disk), offset, length)

    def is_hole(self, disk: str, offset: int, length: int) -> bool:
        """See ``VolumeDriver``."""
        with _translating():
            return raw_files.is_hole(self._path(disk), offset, length)

    def write(self, disk: str, offset: int, data: bytes) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            offload(raw_files.write, self._path(disk), offset, data)

    def flush(self, disk: str) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            offload(raw_files.sync, self._path(disk))

    def disks(self) -> Iterator[str]:
        """See ``VolumeDriver``."""
        for path in sorted(self._disks.glob(f"*{SUFFIX}")):
            yield path.name.removesuffix(SUFFIX)

    # ---- exports ---------------------------------------------------------------

    def check_way(self, connector: Connector) -> None:
        """See ``VolumeDriver``."""
        self._listening.check_way(connector)

    def export(self, asked: ExportAsked) -> ConnectionInfo:
        """See ``VolumeDriver``."""
        disk = VOLUME + asked.volume_id
        path = self._path(disk)
        with _translating():
            return self._exports.export(asked, path, self.size(disk))

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """See ``VolumeDriver``."""
        with _translating():
            self._exports.withdraw(volume_id, attachment_id)

    def exported(self) -> Iterator[tuple[str, str]]:
        """See ``VolumeDriver``."""
        return self._exports.exported()

    # ---- inside ----------------------------------------------------------------

    def _file(self, disk: str) -> Path:
        return self._disks / f"{disk}{SUFFIX}"

    def _path(self, disk: str) -> Path:
        path = self._file(disk)
        if not path.exists():
            raise NoSuchDisk(f"{disk} is not there")
        return path

    @staticmethod
    def _grow_part(part: Path, size_bytes: int) -> None:
        if offload(os.path.getsize, part) < size_bytes:
            offload(os.truncate, part, size_bytes)

    @contextmanager
    def _part(self, disk: str, *, keep: bool = True) -> Iterator[Path]:
        """A file to make the disk in; it becomes the disk when all went well."""
        part = self._disks / f"{disk}{PART}"
        try:
            with _translating():
                yield part
                if keep:
                    offload(raw_files.put_in_place, part, self._file(disk))
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _alone(self, disk: str) -> Iterator[None]:
        """A daemon makes one copy of its disk at a time."""
        with self._copying.setdefault(disk, concurrency.Semaphore(1)):
            yield


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise raw_files.translated(error) from error


def _pour(pieces: Iterable[bytes], path: Path, bytes_max: int) -> None:
    """Write the stream into the file; ``bytes_max`` 0: whatever comes."""
    offset = 0
    for piece in pieces:
        if bytes_max:
            check_image_size(offset + len(piece), bytes_max)
        if piece.count(0) != len(piece) or not bytes_max:
            offload(raw_files.write, path, offset, piece)
        offset += len(piece)
    if not bytes_max and path.stat().st_size < offset:
        offload(os.truncate, path, offset)


def _check_image(image: Path, image_format: str, size_bytes: int) -> None:
    if image_format == "raw":
        check_image_size(image.stat().st_size, size_bytes)
        return
    with _blaming_the_image():
        shape = qemu_img.look(str(image), image_format)
    check_self_contained(shape.names_other_files)
    check_image_size(shape.virtual_bytes, size_bytes)


@contextmanager
def _blaming_the_image() -> Iterator[None]:
    try:
        yield
    except ProgramMissing:
        raise
    except ProgramFailed as error:
        raise Rejected(400, f"The image cannot be converted: {error.text}") from error


def _copy_still(source: Path, target: Path) -> None:
    """Copy a file that nobody writes to."""
    stretches = raw_files.data_stretches(source)
    while (stretch := offload(next, stretches, None)) is not None:
        offload(raw_files.copy_stretch, source, target, *stretch)
