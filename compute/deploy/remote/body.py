"""What follows a request: so many bytes, and then the next request.

They are read to their end whatever happens, a full disk or a lock that another holds:
else the next request would begin in the middle of them.
"""

from __future__ import annotations

import contextlib
from typing import BinaryIO

PIECE_BYTES = 2**20


class Body:
    """The bytes behind one request after another."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = 0

    def begin(self, size: int) -> None:
        """So many belong to the request that was just read."""
        self._left = size

    def piece(self) -> bytes:
        """Some of them; none: that was all.  Raises ``OSError`` where they stop."""
        if not self._left:
            return b""
        piece = self._stream.read(min(self._left, PIECE_BYTES))
        if not piece:
            self._left = 0
            raise OSError("the release ended early")
        self._left -= len(piece)
        return piece

    def skip(self) -> None:
        """All that nobody has read."""
        with contextlib.suppress(OSError):
            while self.piece():
                pass
