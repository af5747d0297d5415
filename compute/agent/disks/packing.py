"""Guests' disks made ready to travel, and received: for moves between hosts.

A packed overlay stands alone: what it needs of its image is in it, so the other host
needs no image, and no image that was deleted or changed since can spoil it.  Files that
stand alone already are read where they are (their guest does not run meanwhile).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence

from compute.agent.disks import files
from compute.agent.disks.layout import (
    CDROM_FILE,
    CONFIG_DRIVE_FILE,
    LABEL,
    ROOT_FILE,
    SWAP_FILE,
    Layout,
    ephemeral_number,
)
from compute.agent.disks.port import GuestShape, PackedFile, ShapedDisk
from compute.core.disks import qemu_img
from compute.core.disks.inspection.qcow2 import HEADER_BYTES, read_header
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable

KERNEL_FILE, RAMDISK_FILE = "kernel", "ramdisk"
_PACKED_PREFIX = "packed-"
_OVERLAYS = (ROOT_FILE, CDROM_FILE)
_PLAIN = (SWAP_FILE, CONFIG_DRIVE_FILE, KERNEL_FILE, RAMDISK_FILE)
_HASH_BYTES = 1 << 20
# What the host keeps free for itself and its other guests.
RESERVED_BYTES = 256 << 20


class Packing:
    """The travelling side of ``LocalDisks``."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    # ---- at the source -------------------------------------------------------

    def pack(self, uuid: str, label: str) -> list[PackedFile]:
        """Every file that the guest needs elsewhere, whole."""
        found = []
        for name in self._travelling(uuid):
            if name in _OVERLAYS:
                self._stand_alone(uuid, label, name)
            path = self._path(uuid, label, name)
            digest = files.on_thread(_digest, path)
            found.append(PackedFile(name, files.size_of(path), digest))
        return found

    def shape(self, uuid: str, label: str) -> GuestShape:
        """For a guest that runs: the disks whose content goes with it by itself, and
        the files that are copied before."""
        disks, packed = [], []
        for name in self._travelling(uuid):
            path = self._layout.file(uuid, name)
            if name == ROOT_FILE:
                head = read_header(files.read_piece(path, 0, HEADER_BYTES))
                disks.append(ShapedDisk(name, "qcow2", head.virtual_bytes))
            elif name == SWAP_FILE or ephemeral_number(name) is not None:
                disks.append(ShapedDisk(name, "raw", files.size_of(path)))
            else:
                if name in _OVERLAYS:
                    self._stand_alone(uuid, label, name)
                whole = self._path(uuid, label, name)
                digest = files.on_thread(_digest, whole)
                packed.append(PackedFile(name, files.size_of(whole), digest))
        return GuestShape(tuple(disks), tuple(packed))

    def packed_bytes(self, uuid: str, label: str, name: str) -> int:
        """How long a packed file is; ``Rejected`` 404 when it does not travel."""
        if name not in self._travelling(uuid):
            raise Rejected(404, f"Guest {uuid} has no file {name} to travel")
        path = self._path(uuid, label, name)
        if not files.is_file(path):
            raise Rejected(404, f"{name} of guest {uuid} is not packed")
        return files.size_of(path)

    def read_packed(
        self, uuid: str, label: str, name: str, offset: int, length: int
    ) -> bytes:
        """A piece of a packed file."""
        path = self._path(uuid, label, name)
        return files.on_thread(files.read_piece, path, offset, length)

    def drop_packed(self, uuid: str, label: str) -> None:
        """Remove what was made for the journey."""
        for name in _OVERLAYS:
            files.remove_file(self._packed_path(uuid, label, name))

    # ---- at the destination --------------------------------------------------

    def receive(self, uuid: str, packed: PackedFile, content: Iterable[bytes]) -> None:
        """After it, the file is here.  ``Unavailable`` when what came is not it."""
        is_extra = ephemeral_number(packed.name) is not None
        if packed.name not in (*_OVERLAYS, *_PLAIN) and not is_extra:
            raise Rejected(400, f"{packed.name} is no file of a guest")
        path = self._layout.file(uuid, packed.name)
        files.make_directory(self._layout.directory(uuid))
        self._check_room(packed.size_bytes)
        digest = hashlib.sha256()
        with files.new_file(path) as temporary:
            files.on_thread(files.write_file, temporary, b"")
            length = 0
            for piece in content:
                length += len(piece)
                if length > packed.size_bytes:
                    break
                files.on_thread(_append, temporary, bytes(piece))
                digest.update(piece)
            if length != packed.size_bytes or digest.hexdigest() != packed.sha256:
                raise Unavailable(f"{packed.name} was damaged on its way")

    def make_room(self, uuid: str, disks: Sequence[ShapedDisk]) -> None:
        """Empty disks of that shape, for the content that is to come."""
        files.make_directory(self._layout.directory(uuid))
        for disk in disks:
            path = self._layout.file(uuid, disk.name)
            if disk.name == ROOT_FILE:
                with files.new_file(path) as temporary:
                    qemu_img.create(temporary, disk.size_bytes)
            elif disk.name == SWAP_FILE or ephemeral_number(disk.name) is not None:
                with files.new_file(path) as temporary:
                    files.on_thread(_make_sparse, temporary, disk.size_bytes)
            else:
                raise Rejected(400, f"{disk.name} is no disk of a guest")

    # ---- inside --------------------------------------------------------------

    def _travelling(self, uuid: str) -> list[str]:
        there = files.names_in(self._layout.directory(uuid))
        return [
            name
            for name in sorted(there)
            if name in (*_OVERLAYS, *_PLAIN) or ephemeral_number(name) is not None
        ]

    def _stand_alone(self, uuid: str, label: str, name: str) -> None:
        target = self._packed_path(uuid, label, name)
        if files.is_file(target):
            return
        source = self._layout.file(uuid, name)
        head = read_header(files.read_piece(source, 0, HEADER_BYTES))
        self._check_room(min(head.virtual_bytes, 2 * files.size_of(source)))
        with files.new_file(target) as temporary:
            qemu_img.convert(source, "qcow2", temporary)

    def _path(self, uuid: str, label: str, name: str) -> str:
        if name in _OVERLAYS:
            return self._packed_path(uuid, label, name)
        return self._layout.file(uuid, name)

    def _packed_path(self, uuid: str, label: str, name: str) -> str:
        if not LABEL.fullmatch(label):
            raise Rejected(400, "That is no migration's id")
        return self._layout.file(uuid, f"{_PACKED_PREFIX}{label}-{name}")

    def _check_room(self, size_bytes: int) -> None:
        if size_bytes + RESERVED_BYTES > files.free_bytes(self._layout.guests):
            raise InsufficientStorage("This host has no room for the disk")


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _append(path: str, piece: bytes) -> None:
    with open(path, "ab") as file:
        file.write(piece)


def _make_sparse(path: str, size_bytes: int) -> None:
    with open(path, "wb") as file:
        os.truncate(file.fileno(), size_bytes)
