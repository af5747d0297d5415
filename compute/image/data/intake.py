"""Bytes on their way in: counted, hashed, inspected, and refused as early as possible.

Hashing runs on native threads beside the reading of the next piece and the writing of
this one: MD5 and SHA-512 each take about as long as a disk does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from compute.core.disks.inspection.stream import Inspection
from compute.core.errors import BadRequest
from compute.image.model import Digests
from compute.image.rules import TooMuch
from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise, promised

PIECE_BYTES = 1024 * 1024
"""One piece: enough that a hand-over between threads does not count."""

Check = Callable[[], None]


class Intake:
    """Iterate over it once; then ask for ``digests``."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        disk_format: str,
        *,
        bytes_max: int,
        check: Check,
        bytes_announced: int | None = None,
    ) -> None:
        """``check`` is asked before each piece and may raise; ``bytes_announced``:
        what the sender says it will be."""
        self._pieces = pieces
        self._inspection = Inspection(disk_format)
        self._bytes_max = bytes_max
        self._check = check
        self._announced = bytes_announced
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()
        self._size = 0
        self._hashing: tuple[Promise[None], ...] = ()

    def __iter__(self) -> Iterator[bytes]:
        if (self._announced or 0) > self._bytes_max:
            raise self._too_large()
        for piece in self._pieces:
            self._check()
            self._size += len(piece)
            if self._size > self._bytes_max:
                raise self._too_large()
            self._inspection.feed(piece)
            self._hash(piece)
            yield piece
        self._finish_hashing()

    def digests(self) -> Digests:
        """What is known when all has come.  ``BadRequest`` when less, or more, came
        than was announced; ``ImageRefused``."""
        self._finish_hashing()
        if self._announced is not None and self._size != self._announced:
            raise BadRequest(
                f"{self._size} bytes came where {self._announced} were announced"
            )
        facts = self._inspection.finish()
        return Digests(
            self._size,
            self._md5.hexdigest(),
            self._sha512.hexdigest(),
            facts.virtual_bytes,
        )

    def _hash(self, piece: bytes) -> None:
        self._finish_hashing()
        self._hashing = (
            promised(concurrency.offload, self._md5.update, piece),
            promised(concurrency.offload, self._sha512.update, piece),
        )

    def _finish_hashing(self) -> None:
        hashing, self._hashing = self._hashing, ()
        for promise in hashing:
            promise.wait()

    def _too_large(self) -> TooMuch:
        return TooMuch(
            f"The image exceeds what may be stored here: {self._bytes_max} bytes"
        )


def pieces_of(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The pieces of what has ``read(size)``."""
    while piece := read(PIECE_BYTES):
        yield piece
