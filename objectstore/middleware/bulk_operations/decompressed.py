"""A compressed stream, read as what is in it.

Output is bounded by what is asked for, whatever the ratio.  bzip2 works in
blocks of up to 900 kB, each tens of milliseconds of work, and so on a native
thread; 64 KiB of gzip are a fraction of a millisecond and stay here.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable

from objectstore.kernel import concurrency

READ_BYTES = 64 * 1024
_GZIP_WINDOW = 31  # zlib's number for "32 KiB window, with gzip's header"

Read = Callable[[int], bytes]


class _Gzip:
    """One gzip member.  ``feed`` with b"" when it still has input."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(_GZIP_WINDOW)

    def feed(self, data: bytes, limit: int) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, limit)

    @property
    def ended(self) -> bool:
        return self._engine.eof

    @property
    def is_hungry(self) -> bool:
        return not self._engine.unconsumed_tail

    @property
    def rest(self) -> bytes:
        return self._engine.unused_data


class _Bzip2:
    """One bzip2 stream."""

    def __init__(self) -> None:
        self._engine = bz2.BZ2Decompressor()

    def feed(self, data: bytes, limit: int) -> bytes:
        return concurrency.offload(self._engine.decompress, data, limit)

    @property
    def ended(self) -> bool:
        return self._engine.eof

    @property
    def is_hungry(self) -> bool:
        return self._engine.needs_input

    @property
    def rest(self) -> bytes:
        return self._engine.unused_data


_ENGINES: dict[str, type[_Gzip] | type[_Bzip2]] = {"gz": _Gzip, "bz2": _Bzip2}


class Decompressed:
    """A file to read from; several members one after the other are one stream."""

    def __init__(self, read: Read, compression: str) -> None:
        self._read = read
        self._make = _ENGINES[compression]
        self._engine: _Gzip | _Bzip2 | None = None
        self._input = b""  # not yet fed
        self._members = 0

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end (or where the stream breaks off).

        Raises ``zlib.error``, ``OSError`` or ``EOFError`` for what is no such stream.
        """
        pieces: list[bytes] = []
        left = size
        while left > 0 and (self._engine is not None or self._next_member()):
            assert self._engine is not None
            if self._engine.is_hungry and not self._input:
                self._input = self._read(READ_BYTES)
                if not self._input:
                    break
            data, self._input = self._input, b""
            if not self._engine.is_hungry:
                data, self._input = b"", data
            piece = self._engine.feed(data, left)
            pieces.append(piece)
            left -= len(piece)
            if self._engine.ended:
                self._input = self._engine.rest + self._input
                self._engine = None
        return b"".join(pieces)

    def _next_member(self) -> bool:
        """Begin the next member; False when there is none."""
        while True:
            if self._members:
                # Padding after the last member, as tapes leave it.
                self._input = self._input.lstrip(b"\0")
            if self._input:
                break
            self._input = self._read(READ_BYTES)
            if not self._input:
                return False
        self._engine = self._make()
        self._members += 1
        return True
