"""An image as a row of objects of equal size: the form that object stores share.

    key      images-3f/<image id>/<data id>:67108864
    objects  images-3f/<image id>/<data id>/00000000, .../00000001, ...

The size of a segment is in the key, so it can be changed at any time; where a byte is
then is arithmetic, and no manifest can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from objectstore.kernel.errors import Corrupt

SHARD_DIGITS = 2
"""Containers are 256: one never holds more than a small part of all segments, and
their updates go to many devices."""
SEGMENT_DIGITS = 8


class Objects(Protocol):
    """The few things asked of an object store."""

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store one object."""

    def get(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes from ``first`` to ``last``, inclusive; ``Corrupt`` when the
        object is not there."""

    def names(self, prefix: str) -> Iterator[str]:
        """Names of the objects that begin so."""

    def delete(self, name: str) -> None:
        """Remove one object; fine when it is not there."""


class SegmentedStore:
    """See ``ImageStore``."""

    is_read_only = False

    def __init__(
        self, store_id: str, kind: str, objects: Objects, segment_bytes: int
    ) -> None:
        self.id = store_id
        self.kind = kind
        self._objects = objects
        self._segment_bytes = segment_bytes

    @property
    def description(self) -> str:
        """See ``ImageStore``."""
        return {"ring": "Ringstack's object store", "s3": "S3 bucket"}[self.kind]

    def new_key(self, image_id: str, data_id: str) -> str:
        """See ``ImageStore``."""
        shard = data_id[:SHARD_DIGITS]
        return f"images-{shard}/{image_id}/{data_id}:{self._segment_bytes}"

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """See ``ImageStore``."""
        prefix, segment_bytes = _parsed(key)
        split = _Split(pieces, segment_bytes)
        number = 0
        while split.has_more():
            self._objects.put(_segment(prefix, number), split.segment())
            number += 1

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """See ``ImageStore``."""
        prefix, segment_bytes = _parsed(key)
        stop = offset + length
        while offset < stop:
            number, first = divmod(offset, segment_bytes)
            last = min(segment_bytes, first + stop - offset) - 1
            wanted = last - first + 1
            for piece in self._objects.get(_segment(prefix, number), first, last):
                wanted -= len(piece)
                yield piece
            if wanted:
                raise Corrupt(f"{prefix}: segment {number} has not its length")
            offset += last - first + 1

    def delete(self, key: str) -> None:
        """See ``ImageStore``."""
        prefix, _ = _parsed(key)
        for name in list(self._objects.names(f"{prefix}/")):
            self._objects.delete(name)


class _Split:
    """Cuts a stream of pieces into segments, without keeping them."""

    def __init__(self, pieces: Iterable[bytes], segment_bytes: int) -> None:
        self._next: Callable[[], bytes | None] = lambda: next(iterator, None)
        iterator = iter(pieces)
        self._segment_bytes = segment_bytes
        self._piece: bytes = b""
        self._left = memoryview(b"")

    def has_more(self) -> bool:
        """Whether there is another byte."""
        while not self._left:
            piece = self._next()
            if piece is None:
                return False
            self._piece, self._left = piece, memoryview(piece)
        return True

    def segment(self) -> Iterator[bytes]:
        """The pieces of the next segment."""
        room = self._segment_bytes
        while room and self.has_more():
            part = self._left[:room]
            self._left = self._left[room:]
            room -= len(part)
            # Most pieces go on as they came, not copied.
            yield self._piece if len(part) == len(self._piece) else bytes(part)


def _parsed(key: str) -> tuple[str, int]:
    prefix, _, size = key.rpartition(":")
    if not prefix or not size.isdigit() or not int(size):
        raise Corrupt(f"{key!r} is no key of this store")
    return prefix, int(size)


def _segment(prefix: str, number: int) -> str:
    return f"{prefix}/{number:0{SEGMENT_DIGITS}d}"
