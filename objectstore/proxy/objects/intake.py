"""Large bodies on their way in: from the client to several uploads at once.

A few buffers go round: while one fills from the client, the replicas write those before
it and a native thread hashes them, each in order and at a pace of its own, so that the
one that is slow this time may be fast the next.  (Where the disk is fast MD5 is the
slowest, so its thread waits for nothing but the next piece: ``NativeLine``.)  Memory is
constant whatever the size, bounded whatever the number of uploads
(``kernel.body_memory``), and the MD5 is computed once.  A replica that fails is left
out from then on; the upload as a whole fails when too few are left.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from objectstore.kernel.body_memory import Buffers, body_memory, piece_buffers
from objectstore.kernel.concurrency import Event, NativeLine, Promise
from objectstore.kernel.errors import (
    DeadlineExceeded,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.kernel.hash_process import shared_memory
from objectstore.proxy.protocol.limits import OBJECT_BYTES_MAX
from objectstore.wire.nodes import INLINE_BYTES_MAX, ObjectNode, Upload

# Beyond, receiving into one buffer is cheaper than joining what comes.
READ_AT_ONCE_BYTES_MAX = 64 * 1024
_NOTHING = memoryview(b"")


class Source:
    """The request's body with its promise of length kept."""

    def __init__(self, body: Any, length: int | None) -> None:
        self._body = body
        self._length = length
        self._received = 0
        # Read already, and to be read again.
        self._ahead = _NOTHING

    def fill(self, view: memoryview) -> int:
        """Fill the view; fewer bytes only at the body's end.

        Rejected 499 when it ends before its length, 413 beyond the largest.
        """
        filled = again = min(len(self._ahead), len(view))
        if again:
            view[:again] = self._ahead[:again]
            self._ahead = self._ahead[again:] if again < len(self._ahead) else _NOTHING
        while filled < len(view):
            size = self._body.readinto(view[filled:])
            if not size:
                break
            filled += size
        self._received += filled - again
        if filled < len(view) and self._length not in (None, self._received):
            raise Rejected(499, "Client Disconnect")
        if self._received > OBJECT_BYTES_MAX:
            raise Rejected(413, "Your request is too large.")
        return filled

    def put_back(self, data: memoryview) -> None:
        """What ``fill`` gave, to be given again; it must stay as it is until then."""
        assert not self._ahead, "put back twice"
        self._ahead = data


def read_whole(body: Any, length: int) -> bytes | memoryview | None:
    """A body of known length, INLINE_BYTES_MAX at most, in one piece.

    None, and nothing was read: memory for that is out.  Rejected 499 when it ends
    early.
    """
    if not length:
        return b""
    memory = shared_memory(length)
    if memory is None and length > READ_AT_ONCE_BYTES_MAX:
        memory = body_memory(length)
        if memory is None:
            return None
    if memory is not None:
        Source(body, length).fill(memory)
        return memory
    data: bytes = body.read(length)
    while len(data) < length:
        more = body.read(length - len(data))
        if not more:
            raise Rejected(499, "Client Disconnect")
        data += more
    return data


def read_to_end(source: Source) -> bytes | memoryview | None:
    """A body of unknown length that turns out to be less than INLINE_BYTES_MAX.

    None: it is not, or memory is out; the source begins at its beginning again.
    """
    first = memoryview(bytearray(READ_AT_ONCE_BYTES_MAX))
    filled = source.fill(first)
    if filled < len(first):
        return bytes(first[:filled])
    memory = body_memory(INLINE_BYTES_MAX)
    if memory is None:
        source.put_back(first)
        return None
    memory[:filled] = first
    filled += source.fill(memory[filled:])
    if filled == len(memory):
        source.put_back(memory)
        return None
    return memory[:filled]


class Lane:
    """Whoever takes the pieces in order, one at a time, at a pace of its own."""

    def __init__(
        self, take: Callable[[memoryview], Promise[None]], moved: Event
    ) -> None:
        """``moved`` is set whenever a piece is done, or none will be any more."""
        self.done = 0  # pieces
        self.error: BaseException | None = None
        self._take = take
        self._moved = moved
        self._waiting: deque[memoryview] = deque()
        self._is_busy = False

    def add(self, piece: memoryview) -> None:
        """Take this piece after those before it."""
        if self.error is not None:
            return  # nobody would wait for it before its memory is filled again
        self._waiting.append(piece)
        if not self._is_busy:
            self._next()

    def _next(self) -> None:
        self._is_busy = True
        self._take(self._waiting.popleft()).when_done(self._ended)

    def _ended(self, promise: Promise[None]) -> None:
        self._is_busy = False
        if promise.error is not None:
            self.end(promise.error)
            return
        self.done += 1
        self._moved.set()
        if self._waiting:
            self._next()

    def end(self, error: BaseException) -> None:
        """Take no more: this replica has failed."""
        self.error = error
        self._waiting.clear()
        self._moved.set()


class Intake:
    """One large body going to several uploads.

    ``uploads`` shrinks as replicas fail; ``run`` returns (size, MD5).
    """

    def __init__(
        self,
        uploads: list[tuple[ObjectNode, Upload]],
        needed: int,
        seconds: float,
        buffers: Buffers,
    ) -> None:
        self.uploads = uploads
        self._needed = needed
        self._seconds = seconds
        self._buffers = buffers
        self._digest = hashlib.md5(usedforsecurity=False)
        self._moved = Event()
        self._lanes = [Lane(upload.write, self._moved) for _, upload in uploads]
        self._hashing = NativeLine(self._hash, self._moved.set)
        self._sent = 0  # pieces
        self._errors: list[BaseException] = []

    def _hash(self, piece: memoryview) -> None:
        """On a native thread."""
        self._digest.update(piece)

    def run(self, source: Source) -> tuple[int, str]:
        """Send everything that the source has.

        Raises what the client did wrong, or ``Unavailable`` when fewer than
        ``needed`` replicas are left.  The caller aborts the uploads then.
        """
        try:
            return self._run(source)
        finally:
            self._hashing.close()

    def _run(self, source: Source) -> tuple[int, str]:
        size = 0
        while True:
            # What the next buffer held before must have been taken by all.
            self._settle(self._sent - len(self._buffers) + 1)
            view = self._buffers[self._sent % len(self._buffers)]
            filled = source.fill(view)
            if filled:
                self._send(view[:filled])
                size += filled
            if filled < len(view):
                self._settle(self._sent)
                return size, self._digest.hexdigest()

    def _all(self) -> Iterator[Lane | NativeLine[memoryview]]:
        yield from self._lanes
        yield self._hashing

    def _send(self, piece: memoryview) -> None:
        self._sent += 1
        for lane in self._all():
            lane.add(piece)

    def _settle(self, count: int) -> None:
        """Wait until so many pieces have been taken; leave out whoever failed."""
        while self._is_behind(count):
            self._moved.clear()
            if not self._moved.wait(self._seconds):
                self._end_late(count)
        if self._hashing.error is not None:
            raise self._hashing.error
        self._leave_out()

    def _is_behind(self, count: int) -> bool:
        return any(lane.done < count and lane.error is None for lane in self._all())

    def _end_late(self, count: int) -> None:
        """Those who took nothing for so long still read our memory: it is theirs."""
        self._buffers = piece_buffers()
        for lane in self._lanes:
            if lane.done < count and lane.error is None:
                lane.end(DeadlineExceeded("a piece of an upload was not taken"))

    def _leave_out(self) -> None:
        for place in reversed(range(len(self._lanes))):
            error = self._lanes[place].error
            if error is not None:
                self._errors.append(error)
                self._lanes.pop(place)
                _, upload = self.uploads.pop(place)
                upload.abort()
        if len(self.uploads) < self._needed:
            raise self._failure()

    def _failure(self) -> Exception:
        if self._errors and all(
            isinstance(error, InsufficientStorage) for error in self._errors
        ):
            return InsufficientStorage("every device that could hold this is full")
        return Unavailable("too few replicas take the upload")
