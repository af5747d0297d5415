"""A body on its way in, cut into segments, encoded, and sent to its fragments' uploads.

While the next segment comes from the client, a native thread hashes and encodes the one
before it, and the uploads write the one before that, each at a pace of its own.  Memory
is that of three segments.  An upload that fails is left out; all fail when too few are
left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import xxhash

from objectstore.erasure.codes import Codec
from objectstore.kernel.concurrency import Event, Promise, offload, promised
from objectstore.kernel.errors import (
    DeadlineExceeded,
    InsufficientStorage,
    Unavailable,
)
from objectstore.proxy.intake import Lane, Source
from objectstore.wire.nodes import ObjectNode, Upload

# Segments that uploads may be behind the one that is encoded.
BEHIND_MAX = 1


@dataclass(frozen=True, slots=True)
class FragmentUpload:
    """An upload of the fragment with that index."""

    index: int
    node: ObjectNode
    upload: Upload


class Encoder:
    """Hashes and encodes one segment after the other; on whatever thread."""

    def __init__(self, codec: Codec, fragments: int) -> None:
        self.size = 0
        self._codec = codec
        self._digest = hashlib.md5(usedforsecurity=False)
        self._sums = [xxhash.xxh3_64() for _ in range(fragments)]

    def encode(self, segment: bytes) -> list[bytes]:
        """The next segment's pieces, by index."""
        self._digest.update(segment)
        self.size += len(segment)
        pieces = self._codec.encode(segment)
        for piece, checksum in zip(pieces, self._sums, strict=True):
            checksum.update(piece)
        return pieces

    @property
    def etag(self) -> str:
        """Of the whole body so far."""
        return self._digest.hexdigest()

    @property
    def checksums(self) -> tuple[str, ...]:
        """Of the fragments so far."""
        return tuple(checksum.hexdigest() for checksum in self._sums)


class FragmentIntake:
    """One body going to its fragments' ``uploads``, which shrink as some fail."""

    def __init__(
        self,
        uploads: Sequence[FragmentUpload],
        encoder: Encoder,
        needed: int,
        seconds: float,
        buffer: memoryview,
    ) -> None:
        """``buffer``: as long as a segment."""
        self.uploads = list(uploads)
        self._encoder = encoder
        self._needed = needed
        self._seconds = seconds
        self._buffer = buffer
        self._moved = Event()
        self._lanes = [Lane(each.upload.write, self._moved) for each in uploads]
        self._sent = 0  # segments
        self._encoding: Promise[list[bytes]] | None = None
        self._errors: list[BaseException] = []

    def run(self, source: Source) -> None:
        """Send everything that the source has.  Raises what the client did wrong, or
        ``Unavailable`` when fewer than ``needed`` uploads are left."""
        view = self._buffer
        while True:
            filled = source.fill(view)
            self._send()
            if filled:
                segment = bytes(view[:filled])
                encode = self._encoder.encode
                self._encoding = promised(offload, encode, segment)
            if filled < len(view):
                self._send()
                self._settle(self._sent)
                return

    def _send(self) -> None:
        """Give the uploads what was encoded."""
        encoding, self._encoding = self._encoding, None
        if encoding is None:
            return
        pieces = encoding.wait()
        self._settle(self._sent - BEHIND_MAX)
        self._sent += 1
        for each, lane in zip(self.uploads, self._lanes, strict=True):
            lane.add(memoryview(pieces[each.index]))

    def _settle(self, count: int) -> None:
        """Wait until so many segments have been taken; leave out whoever failed."""
        while any(lane.done < count and lane.error is None for lane in self._lanes):
            self._moved.clear()
            if not self._moved.wait(self._seconds):
                for lane in self._lanes:
                    if lane.done < count and lane.error is None:
                        lane.end(DeadlineExceeded("a piece was not taken"))
        for place in reversed(range(len(self._lanes))):
            error = self._lanes[place].error
            if error is not None:
                self._errors.append(error)
                self._lanes.pop(place)
                self.uploads.pop(place).upload.abort()
        if len(self.uploads) < self._needed:
            full = [isinstance(error, InsufficientStorage) for error in self._errors]
            if all(full):
                raise InsufficientStorage("every device that could hold this is full")
            raise Unavailable("too few devices take the upload's fragments")
