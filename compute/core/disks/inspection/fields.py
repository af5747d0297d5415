"""Numbers and texts at fixed places of a header that may be cut short, or a lie."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.errors import ApiError

VIRTUAL_BYTES_MAX = 2**60
"""No disk of ours is larger than an exbibyte: what says so is garbage."""


class ImageRefused(ApiError):
    """The content is not what was declared, or is nothing to be opened by a host."""

    status_default = 415
    kind_default = "InvalidImageData"


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """``format``: a name of the image API.  ``virtual_bytes``: how large a guest sees
    the disk, None where the format does not say."""

    format: str
    virtual_bytes: int | None


class Fields:
    """Bytes of one structure; every reader raises ``ImageRefused`` past their end."""

    __slots__ = ("_data", "_what")

    def __init__(self, data: bytes | bytearray | memoryview, what: str) -> None:
        """``what`` names the structure in messages."""
        self._data = memoryview(data)
        self._what = what

    def __len__(self) -> int:
        return len(self._data)

    def raw(self, offset: int, length: int) -> bytes:
        """Exactly these bytes."""
        if offset < 0 or length < 0 or offset + length > len(self._data):
            raise ImageRefused(f"The {self._what} is cut short")
        return bytes(self._data[offset : offset + length])

    def big(self, offset: int, length: int) -> int:
        """An unsigned number, the most significant byte first."""
        return int.from_bytes(self.raw(offset, length), "big")

    def little(self, offset: int, length: int) -> int:
        """An unsigned number, the least significant byte first."""
        return int.from_bytes(self.raw(offset, length), "little")


def virtual_size(size_bytes: int, what: str) -> int:
    """The size, if a disk can have it."""
    if not 0 < size_bytes <= VIRTUAL_BYTES_MAX:
        raise ImageRefused(f"The {what} says that the disk has {size_bytes} bytes")
    return size_bytes
