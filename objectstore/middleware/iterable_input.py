"""Pieces of bytes as the body of a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

PIECE_BYTES = 64 * 1024


class IterableInput:
    """A reply's body (or any pieces of bytes) as a request's ``wsgi.input``."""

    __slots__ = ("_left", "_pieces")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of it when negative."""
        if size is None or size < 0:
            rest = bytes(self._left) + b"".join(self._pieces)
            self._left = memoryview(b"")
            return rest
        piece = self._take(size)
        if not piece or len(piece) == size:
            return bytes(piece)
        pieces, missing = [piece], size - len(piece)
        while missing:
            piece = self._take(missing)
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def readinto(self, view: Any) -> int:
        """Fill ``view``; how many bytes, fewer than it holds only at the end."""
        filled = 0
        while filled < len(view):
            piece = self._take(len(view) - filled)
            if not piece:
                break
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def read1(self, size: int = PIECE_BYTES) -> bytes:
        """At most ``size`` bytes: what is at hand, b"" only at the end."""
        return bytes(self._take(size))

    def readinto1(self, view: Any) -> int:
        """Put what is at hand into ``view``; 0 at the end."""
        piece = self._take(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> memoryview:
        if size == 0:
            return memoryview(b"")
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return memoryview(b"")
            self._left = memoryview(piece)
        taken, self._left = self._left[:size], self._left[size:]
        return taken


EMPTY_INPUT = IterableInput(())
