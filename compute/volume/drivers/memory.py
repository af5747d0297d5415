"""Disks in memory: for tests, and for trying out a cloud of a thousand volumes.

A disk is a dictionary of the pieces that are not zeroes, so that volumes of a
terabyte cost nothing until they are written to.  Exports lead nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from compute.volume.connection import UNIX, ConnectionInfo, Connector
from compute.volume.drivers.image_check import check_image_size
from compute.volume.drivers.port import (
    VOLUME,
    Capacity,
    Copy,
    ExportAsked,
    NoSuchDisk,
)
from compute.volume.drivers.unmanaged import UnmanagedDisk
from compute.volume.encryption import DiskKey
from objectstore.kernel.errors import Rejected

PIECE_BYTES = 64 * 1024
CAPACITY_BYTES = 1 << 50
MAGIC, HEADER_BYTES = b"LUKS\xba\xbe", 2**21


class _Disk:
    """One disk's bytes."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.pieces: dict[int, bytes] = {}

    def copied(self, size_bytes: int) -> _Disk:
        found = _Disk(size_bytes)
        found.pieces = dict(self.pieces)
        return found

    def read(self, offset: int, length: int) -> bytes:
        stop = min(offset + length, self.size_bytes)
        found = bytearray()
        while offset < stop:
            number, first = divmod(offset, PIECE_BYTES)
            last = min(PIECE_BYTES, first + stop - offset)
            found += self._piece(number)[first:last]
            offset += last - first
        return bytes(found)

    def write(self, offset: int, data: bytes) -> None:
        place = 0
        while place < len(data):
            number, first = divmod(offset + place, PIECE_BYTES)
            part = data[place : place + PIECE_BYTES - first]
            piece = bytearray(self._piece(number))
            piece[first : first + len(part)] = part
            if any(piece):
                self.pieces[number] = bytes(piece)
            else:
                self.pieces.pop(number, None)
            place += len(part)

    def _piece(self, number: int) -> bytes:
        return self.pieces.get(number) or bytes(PIECE_BYTES)


def _made(size_bytes: int, key: DiskKey | None) -> _Disk:
    if key is None:
        return _Disk(size_bytes)
    made = _Disk(HEADER_BYTES + size_bytes)
    made.write(0, MAGIC + _pad(key.passphrase))
    return made


def _pad(passphrase: str) -> bytes:
    return hashlib.sha256(passphrase.encode()).digest()


def sealed_like_luks(data: bytes, offset: int, passphrase: str) -> bytes:
    """Other bytes than these, and these again when done twice: nothing is kept secret
    where nothing is kept."""
    pad = _pad(passphrase)
    return bytes(
        byte ^ pad[(offset + place) % len(pad)] for place, byte in enumerate(data)
    )


class UnmanagedMemory:
    """See ``UnmanagedDisks``."""

    def __init__(self, ours: dict[str, _Disk]) -> None:
        self._ours = ours
        self._disks: dict[str, _Disk] = {}

    def bring(self, name: str, data: bytes, size_bytes: int) -> None:
        """As an operator brings one."""
        self._disks[name] = _Disk(size_bytes)
        self._disks[name].write(0, data)

    def found(self) -> Iterator[UnmanagedDisk]:
        """See ``UnmanagedDisks``."""
        for name, disk in sorted(self._disks.items()):
            problem = "" if disk.size_bytes else "The disk is empty"
            yield UnmanagedDisk(name, disk.size_bytes, problem)

    def adopt(self, name: str, disk: str, size_bytes: int) -> None:
        """See ``UnmanagedDisks``."""
        if disk not in self._ours:
            found = self._disks.pop(name, None)
            if found is None or not found.size_bytes:
                raise Rejected(400, f"{name}: there is no such disk to take over")
            self._ours[disk] = found.copied(size_bytes)

    def release(self, disk: str, name: str) -> None:
        """See ``UnmanagedDisks``."""
        if disk not in self._ours:
            if name not in self._disks:
                raise Rejected(404, f"{disk} is not there")
            return
        if name in self._disks:
            raise Rejected(409, f"There is an unmanaged disk {name} already")
        self._disks[name] = self._ours.pop(disk)


class MemoryDriver:
    """See ``VolumeDriver``."""

    def __init__(self, host: str = "here") -> None:
        self._host = host
        self._disks: dict[str, _Disk] = {}
        self.unmanaged = UnmanagedMemory(self._disks)
        self._exports: dict[tuple[str, str], ConnectionInfo] = {}

    def capacity(self) -> Capacity:
        """See ``VolumeDriver``."""
        used = sum(len(disk.pieces) * PIECE_BYTES for disk in self._disks.values())
        return Capacity(CAPACITY_BYTES, CAPACITY_BYTES - used)

    def create(self, disk: str, size_bytes: int, key: DiskKey | None = None) -> None:
        """See ``VolumeDriver``."""
        self._disks[disk] = _made(size_bytes, key)

    def fill(
        self,
        disk: str,
        pieces: Iterable[bytes],
        image_format: str,
        size_bytes: int,
        key: DiskKey | None = None,
    ) -> None:
        """See ``VolumeDriver``; every format is taken as it comes."""
        made, offset = _made(size_bytes, key), 0
        for piece in pieces:
            check_image_size(offset + len(piece), size_bytes)
            if key is None:
                made.write(offset, piece)
            else:
                sealed = sealed_like_luks(piece, offset, key.passphrase)
                made.write(HEADER_BYTES + offset, sealed)
            offset += len(piece)
        self._disks[disk] = made

    def copy(self, source: str, target: str, size_bytes: int) -> None:
        """See ``VolumeDriver``."""
        self._disks[target] = self._disk(source).copied(size_bytes)

    def copy_together(self, copies: Sequence[Copy]) -> None:
        """See ``VolumeDriver``."""
        for each in copies:
            self.copy(each.source, each.target, each.size_bytes)

    def rename(self, disk: str, name: str) -> None:
        """See ``VolumeDriver``."""
        self._disks[name] = self._disk(disk)
        del self._disks[disk]

    def delete(self, disk: str) -> None:
        """See ``VolumeDriver``."""
        self._disks.pop(disk, None)

    def resize(self, disk: str, size_bytes: int) -> None:
        """See ``VolumeDriver``."""
        found = self._disk(disk)
        found.size_bytes = max(size_bytes, found.size_bytes)

    def reopen(self, volume_id: str) -> None:
        """Nobody is connected, for exports lead nowhere."""
        self._disk(VOLUME + volume_id)

    def size(self, disk: str) -> int:
        """See ``VolumeDriver``."""
        return self._disk(disk).size_bytes

    def read(self, disk: str, offset: int, length: int) -> bytes:
        """See ``VolumeDriver``."""
        return self._disk(disk).read(offset, length)

    def is_hole(self, disk: str, offset: int, length: int) -> bool:
        """See ``VolumeDriver``."""
        first, last = offset // PIECE_BYTES, (offset + length - 1) // PIECE_BYTES
        return not any(first <= number <= last for number in self._disk(disk).pieces)

    def write(self, disk: str, offset: int, data: bytes) -> None:
        """See ``VolumeDriver``."""
        self._disk(disk).write(offset, data)

    def flush(self, disk: str) -> None:
        """See ``VolumeDriver``."""
        self._disk(disk)

    def disks(self) -> Iterator[str]:
        """See ``VolumeDriver``."""
        yield from sorted(self._disks)

    def check_way(self, connector: Connector) -> None:
        """Every host comes as near as any other."""

    def export(self, asked: ExportAsked) -> ConnectionInfo:
        """See ``VolumeDriver``."""
        info = ConnectionInfo(
            volume_id=asked.volume_id,
            export="volume",
            transport=UNIX,
            socket_path=f"/nowhere/{asked.connector.host}/{asked.volume_id}",
            access=asked.access,
            size_bytes=self.size(VOLUME + asked.volume_id),
            attachment_id=asked.attachment_id,
        )
        self._exports[asked.volume_id, asked.attachment_id] = info
        return info

    def withdraw(self, volume_id: str, attachment_id: str) -> None:
        """See ``VolumeDriver``."""
        self._exports.pop((volume_id, attachment_id), None)

    def exported(self) -> Iterator[tuple[str, str]]:
        """See ``VolumeDriver``."""
        yield from sorted(self._exports)

    def _disk(self, disk: str) -> _Disk:
        try:
            return self._disks[disk]
        except KeyError:
            raise NoSuchDisk(f"{disk} is not there") from None
