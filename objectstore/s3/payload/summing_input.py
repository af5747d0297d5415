"""Pieces of bytes as a ``wsgi.input``, with their checksum at the end."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from objectstore.s3.payload.checksums import Algorithm, to_store


class SummingInput:
    """Reads an inner answer's body for another inner request."""

    __slots__ = ("_algorithm", "_left", "_pieces", "_source", "_summer")

    def __init__(self, pieces: Iterable[bytes], algorithm: Algorithm | None) -> None:
        self._source = pieces
        self._pieces = iter(pieces)
        self._left = memoryview(b"")
        self._algorithm = algorithm
        self._summer = None if algorithm is None else algorithm.make()

    @property
    def checksum(self) -> str:
        """The base64 checksum of what was read so far."""
        assert self._summer is not None, "no checksum was wanted"
        return base64.b64encode(self._summer.digest()).decode()

    def footers(self) -> dict[str, str]:
        """The checksum as system metadata, once all has been read."""
        if self._algorithm is None:
            return {}
        return to_store(self._algorithm.name, self.checksum)

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all when negative."""
        if size is None or size < 0:
            pieces = []
            while self._more():
                pieces.append(self._take(len(self._left)))
            return b"".join(pieces)
        buffer = bytearray(size)
        filled = self.readinto(buffer)
        return bytes(memoryview(buffer)[:filled])

    def readinto(self, view: Any) -> int:
        """Fill ``view``; fewer bytes only at the end."""
        target = memoryview(view).cast("B")
        filled = 0
        while filled < len(target) and self._more():
            piece = self._take(len(target) - filled)
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def close(self) -> None:
        """Close what the pieces come from."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _more(self) -> bool:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._left = memoryview(piece)
        return True

    def _take(self, size: int) -> memoryview:
        piece, self._left = self._left[:size], self._left[size:]
        if self._summer is not None:
            self._summer.update(piece)
        return piece
