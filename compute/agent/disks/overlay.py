"""What a guest's overlay stands on, read from its own qcow2 header.

The header is the truth: QEMU rewrites it when the backing has been pulled in.  Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from compute.agent.guests import NbdSource
from compute.core.disks.inspection.fields import ImageRefused
from compute.core.disks.inspection.qcow2 import HEADER_BYTES, read_header
from objectstore.kernel.errors import Corrupt

_NBD_SCHEME = "nbd+unix"
_BACKING_FORMAT = 0xE2792ACA  # the header extension that names the backing's format
_END_OF_EXTENSIONS = 0
_NAME_BYTES_MAX = 1023  # QEMU's own limit
_EXTENSIONS_BYTES_MAX = 64 * 1024

ReadPiece = Callable[[int, int], bytes]
"""``read(offset, length)``: a piece of the file."""


@dataclass(frozen=True, slots=True)
class Backing:
    """The file or server below an overlay."""

    name: str  # a path, or an NBD address
    format: str

    def as_nbd(self) -> NbdSource | None:
        """The NBD server it names; None when it is a file."""
        parts = urlsplit(self.name)
        if parts.scheme != _NBD_SCHEME:
            return None
        sockets = parse_qs(parts.query).get("socket", [])
        if len(sockets) != 1:
            raise Corrupt(f"No NBD address: {self.name!r}")
        return NbdSource(sockets[0], unquote(parts.path.lstrip("/")), self.format)


def nbd_address(source: NbdSource) -> str:
    """How QEMU writes the address of an NBD export on a unix socket."""
    return f"{_NBD_SCHEME}:///{quote(source.export)}?socket={quote(source.socket_path)}"


def read_backing(read: ReadPiece) -> Backing | None:
    """What the qcow2 file stands on; None when it stands alone.

    ``Corrupt`` when it is no qcow2 file.  The name is at most 1,023 bytes.
    """
    try:
        header = read_header(read(0, HEADER_BYTES))
    except ImageRefused as error:
        raise Corrupt(error.text) from None
    if header.backing_offset == 0:
        return None
    if header.backing_bytes > _NAME_BYTES_MAX:
        raise Corrupt("a backing name that is too long")
    name = read(header.backing_offset, header.backing_bytes)
    text = name.decode("utf-8", "surrogateescape")
    return Backing(text, _backing_format(read, header.bytes_used))


def _backing_format(read: ReadPiece, start: int) -> str:
    while start < _EXTENSIONS_BYTES_MAX:
        kind, length = struct.unpack(">II", read(start, 8).ljust(8, b"\0"))
        if kind == _END_OF_EXTENSIONS:
            break
        if kind == _BACKING_FORMAT:
            return read(start + 8, min(length, 64)).decode("ascii", "replace")
        start += 8 + (length + 7 & ~7)
    raise Corrupt("an overlay that does not say its backing's format")
