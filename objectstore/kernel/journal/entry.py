"""A record on its way to the disk, and whom to tell."""

from __future__ import annotations

from crc32c import crc32c

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.journal.format import Position


class Entry:
    """A record on its way to the disk.  Subclass to be told its fate."""

    __slots__ = ("body", "body_crc", "kind", "meta")

    def __init__(self, kind: int, meta: bytes, body: Buffer = b"") -> None:
        self.kind = kind
        self.meta = meta
        self.body = body
        self.body_crc = crc32c(body)

    def written(self, segment: int, offset: int) -> None:
        """It is durable at this position.  Must not wait nor raise."""

    def failed(self, error: RingstackError) -> None:
        """It was not written.  Must not wait nor raise."""


class PromisedEntry(Entry):
    """An entry whose fate is a promise."""

    __slots__ = ("promise",)

    def __init__(self, kind: int, meta: bytes, body: Buffer) -> None:
        super().__init__(kind, meta, body)
        self.promise: Promise[Position] = Promise()

    def written(self, segment: int, offset: int) -> None:
        """Keep the promise."""
        self.promise.resolve(Position(segment, offset))

    def failed(self, error: RingstackError) -> None:
        """Break it."""
        self.promise.fail(error)
