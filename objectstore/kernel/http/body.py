"""A message's body, to be read as a binary file is; ``incoming_body`` says how its
pieces come."""

from __future__ import annotations

from collections.abc import Iterator

from objectstore.kernel.http.limits import RECEIVE_BYTES


class Body:
    """Bytes that come in; this one holds none, the others say how many.

    Readers: ``read``, ``readinto``, ``readline``, ``readlines``, iteration (by
    line) behave as on a binary file; ``read1`` and ``readinto1`` return what one
    receive call brought.
    """

    __slots__ = ()

    # Whether all of it has been read: the next message can follow.
    complete = True
    # Bytes read so far.
    consumed = 0

    def _piece(self, size: int) -> bytes:
        """At most ``size`` bytes, ``b""`` only at the end."""
        return b""

    def _piece_into(self, view: memoryview) -> int:
        return 0

    def _put_back(self, data: bytes) -> None:
        """Undo the end of the last ``_piece``."""

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of it when negative."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self._piece(RECEIVE_BYTES), b""))
        piece = self._piece(size) if size else b""
        if not piece or len(piece) == size:
            return piece
        pieces, left = [piece], size - len(piece)
        while left:
            piece = self._piece(left)
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def read1(self, size: int = RECEIVE_BYTES) -> bytes:
        """At most ``size`` bytes, what one receive call brings."""
        return self._piece(size) if size > 0 else b""

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; how many bytes, fewer than it holds only at the end."""
        filled = 0
        while filled < len(view):
            size = self._piece_into(view[filled:] if filled else view)
            if not size:
                break
            filled += size
        return filled

    def readinto1(self, view: memoryview) -> int:
        """Put into ``view`` what one receive call brings; 0 at the end."""
        return self._piece_into(view) if view else 0

    def readline(self, size: int | None = -1) -> bytes:
        """A line with its end, or ``size`` bytes of it."""
        limit = RECEIVE_BYTES if size is None or size < 0 else size
        pieces: list[bytes] = []
        while limit > 0:
            piece = self._piece(limit)
            stop = piece.find(b"\n") + 1
            if stop:
                self._put_back(piece[stop:])
                pieces.append(piece[:stop])
                break
            if not piece:
                break
            pieces.append(piece)
            if size is not None and size >= 0:
                limit -= len(piece)
        return b"".join(pieces)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Lines, until they hold ``hint`` bytes."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def ends_within(self, bytes_max: int) -> bool:
        """Whether reading on to the end can be tried at that cost."""
        return True

    def let_wait(self) -> None:
        """The reply has begun: too late to tell the client to go on."""

    def discard(self, bytes_max: int) -> bool:
        """Read to the end, unless that is more than ``bytes_max``; whether so."""
        left = bytes_max
        while left > 0 and not self.complete:
            piece = self._piece(min(left, RECEIVE_BYTES))
            if not piece:
                break
            left -= len(piece)
        return self.complete


EMPTY = Body()
