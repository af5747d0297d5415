"""A body on its way in, cut into segments, encoded, and sent to its fragments' uploads.

While one segment comes from the client, one native thread hashes those before it and
another encodes them, each going from one to the next by itself (``NativeLine``); what
is encoded goes to the uploads at once, each at a pace of its own.  Memory is that of
some segments.  An upload that fails is left out; all fail when too few are left.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence

import xxhash

from objectstore.erasure.codes import Codec
from objectstore.kernel.concurrency import Event, NativeLine
from objectstore.kernel.errors import (
    DeadlineExceeded,
    InsufficientStorage,
    Unavailable,
)
from objectstore.proxy.objects.fragment_uploads import FragmentUpload
from objectstore.proxy.objects.intake import Lane, Source

# Segments that uploads may be behind the one that comes from the client.
BEHIND_MAX = 3


class Encoder:
    """Hashes and encodes one segment after the other; each on whatever thread."""

    def __init__(self, codec: Codec, fragments: int) -> None:
        self.size = 0
        self._codec = codec
        self._digest = hashlib.md5(usedforsecurity=False)
        self._sums = [xxhash.xxh3_64() for _ in range(fragments)]

    def hash(self, segment: bytes | memoryview) -> None:
        """The next segment counts for the ETag."""
        self._digest.update(segment)

    def encode(self, segment: bytes | memoryview) -> list[bytes]:
        """The next segment's pieces, by index."""
        self.size += len(segment)
        # The library takes nothing but bytes.
        pieces = self._codec.encode(bytes(segment))
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
        buffers: Sequence[memoryview],
    ) -> None:
        """``buffers``: two at least, each as long as a segment."""
        self.uploads = list(uploads)
        self._encoder = encoder
        self._needed = needed
        self._seconds = seconds
        self._buffers = buffers
        self._moved = Event()
        self._lanes = [Lane(each.upload.write, self._moved) for each in uploads]
        self._hashing = NativeLine(encoder.hash, self._moved.set)
        self._encoding = NativeLine(self._encode, self._send)
        self._encoded: deque[list[bytes]] = deque()
        self._errors: list[BaseException] = []

    def _encode(self, segment: memoryview) -> None:
        """On a native thread."""
        self._encoded.append(self._encoder.encode(segment))

    def _send(self) -> None:
        """Give the uploads what was encoded."""
        while self._encoded:
            pieces = self._encoded.popleft()
            for each, lane in zip(self.uploads, self._lanes, strict=True):
                lane.add(memoryview(pieces[each.index]))
        self._moved.set()

    def run(self, source: Source, filled: int) -> None:
        """Send the first buffer, ``filled`` already, and everything else that the
        source has.  Raises what the client did wrong, or ``Unavailable`` when fewer
        than ``needed`` uploads are left."""
        try:
            self._run(source, filled)
        finally:
            self._hashing.close()
            self._encoding.close()

    def _run(self, source: Source, filled: int) -> None:
        count = 0
        while True:
            view = self._buffers[count % len(self._buffers)]
            if count:
                self._settle(count - len(self._buffers) + 1, count - BEHIND_MAX)
                filled = source.fill(view)
            if filled:
                count += 1
                self._hashing.add(view[:filled])
                self._encoding.add(view[:filled])
            if filled < len(view):
                self._settle(count, count)
                return

    def _settle(self, encoded: int, stored: int) -> None:
        """Wait until so many segments are hashed and encoded, and so many taken by the
        uploads; leave out whoever failed."""
        while self._is_behind(encoded, stored):
            self._moved.clear()
            # Uploads are late only with what they have been given.
            is_late = not self._moved.wait(self._seconds)
            if is_late and self._encoding.done >= stored:
                for lane in self._lanes:
                    if lane.done < stored and lane.error is None:
                        lane.end(DeadlineExceeded("a piece was not taken"))
        for line in (self._hashing, self._encoding):
            if line.error is not None:
                raise line.error
        self._leave_out()

    def _is_behind(self, encoded: int, stored: int) -> bool:
        if any(
            line.done < encoded and line.error is None
            for line in (self._hashing, self._encoding)
        ):
            return True
        return any(lane.done < stored and lane.error is None for lane in self._lanes)

    def _leave_out(self) -> None:
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
