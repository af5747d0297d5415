"""Bring one image to this host: pieces in, hashed on the way, holes kept.

The image is believed only when its size and its hash are what the image service
said; the content is inspected before QEMU opens it for a guest, and formats other
than raw and qcow2 are converted to qcow2.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, Protocol

from compute.agent.disks import files
from compute.agent.disks.port import ImageFacts, ImageReader
from compute.core.disks import qemu_img
from compute.core.disks.inspection import qcow2
from objectstore.kernel.errors import Corrupt, Rejected

# One read: large enough to keep the ring busy, small enough to hold in memory.
PIECE_BYTES = 4 << 20
# Zeros shorter than this are written: a hole costs an extent.
HOLE_BYTES = 64 * 1024
_ZEROS = bytes(HOLE_BYTES)
DIRECT_FORMATS = frozenset({"raw", "qcow2"})
"""Formats that guests' overlays stand on as they are."""


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def hexdigest(self) -> str:
        """The hash of all bytes so far."""


def kept_format(facts: ImageFacts) -> str:
    """The format in which this host keeps the image: raw or qcow2."""
    known = qemu_img.FORMATS.get(facts.disk_format)
    if known is None:
        raise Rejected(400, f"Disk format {facts.disk_format!r} cannot be booted")
    return known if known in DIRECT_FORMATS else "qcow2"


def fetch(reader: ImageReader, facts: ImageFacts, path: str) -> int:
    """Write the image to the new file ``path``, checked, in its kept format;
    returns its virtual size in bytes.  ``Corrupt`` when it is not what the image
    service said, ``Rejected`` when it must not be used."""
    _download(reader, facts, path)
    return _inspect(facts, path)


def _download(reader: ImageReader, facts: ImageFacts, path: str) -> None:
    hashed = _hash_of(facts)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        offset = 0
        while offset < facts.size_bytes:
            length = min(PIECE_BYTES, facts.size_bytes - offset)
            piece = reader.read_range(facts.id, offset, length)
            if len(piece) != length:
                raise Corrupt(f"Image {facts.id} is shorter than it should be")
            files.on_thread(_take, descriptor, piece, offset, hashed)
            offset += length
        files.on_thread(os.ftruncate, descriptor, facts.size_bytes)
    finally:
        os.close(descriptor)
    if hashed is not None and hashed.hexdigest() != facts.hash_hex.lower():
        raise Corrupt(f"Image {facts.id} does not match its {facts.hash_algorithm}")


def _hash_of(facts: ImageFacts) -> _Hash | None:
    if not facts.hash_algorithm:
        return None
    try:
        return hashlib.new(facts.hash_algorithm)
    except ValueError:
        text = f"The image's hash {facts.hash_algorithm!r} is not known here"
        raise Rejected(400, text) from None


def _take(descriptor: int, piece: bytes, offset: int, hashed: _Hash | None) -> None:
    """Hash a piece and write what is not zeros (on a native thread)."""
    if hashed is not None:
        hashed.update(piece)
    view: Any = memoryview(piece)
    for start in range(0, len(piece), HOLE_BYTES):
        part = view[start : start + HOLE_BYTES]
        if part != _ZEROS[: len(part)]:
            os.pwrite(descriptor, part, offset + start)


def _inspect(facts: ImageFacts, path: str) -> int:
    """Check the content, convert it where needed; the virtual size."""
    image_format = qemu_img.FORMATS[facts.disk_format]
    if image_format == "raw":
        return facts.size_bytes
    if image_format == "qcow2":
        qcow2.check(files.read_piece(path, 0, qcow2.HEAD_BYTES))
    shape = qemu_img.look(path, image_format)
    if shape.names_other_files:
        raise Rejected(400, "The image names other files: refused")
    if image_format not in DIRECT_FORMATS:
        converted = f"{path}.converted"
        files.remove_file(converted)
        try:
            qemu_img.convert(path, image_format, converted)
            os.rename(converted, path)
        except BaseException:
            files.remove_file(converted)
            raise
    return shape.virtual_bytes
