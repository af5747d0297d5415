"""Large bodies on their way in: from the client to several uploads at once.

Two buffers alternate: while one is being written to the replicas and hashed on
a native thread, the other fills from the client.  Memory is constant whatever
the size, bounded whatever the number of uploads (``kernel.body_memory``), and the MD5
is computed once.  A replica that fails is left out from
then on; the upload as a whole fails when too few are left.
"""

from __future__ import annotations

import hashlib
from typing import Any

from objectstore.kernel.body_memory import Pair, body_memory, piece_buffers
from objectstore.kernel.concurrency import Promise, offload, promised, wait_until
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.proxy.limits import OBJECT_BYTES_MAX
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
    if length > READ_AT_ONCE_BYTES_MAX:
        memory = body_memory(length)
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


class Intake:
    """One large body going to several uploads.

    ``uploads`` shrinks as replicas fail; ``run`` returns (size, MD5).
    """

    def __init__(
        self,
        uploads: list[tuple[ObjectNode, Upload]],
        needed: int,
        seconds: float,
        buffers: Pair,
    ) -> None:
        self.uploads = uploads
        self._needed = needed
        self._seconds = seconds
        self._buffers = buffers
        self._digest = hashlib.md5(usedforsecurity=False)
        self._under_way: list[tuple[Upload, Promise[None]]] = []
        self._hashing: Promise[None] = Promise.of(None)
        self._errors: list[BaseException] = []

    def run(self, source: Source) -> tuple[int, str]:
        """Send everything that the source has.

        Raises what the client did wrong, or ``Unavailable`` when fewer than
        ``needed`` replicas are left.  The caller aborts the uploads then.
        """
        try:
            size = self._send_all(source)
        finally:
            self._hashing.wait()
        return size, self._digest.hexdigest()

    def _send_all(self, source: Source) -> int:
        size = turn = 0
        while True:
            view = self._buffers[turn]
            filled = source.fill(view)
            self._settle()
            if filled:
                self._send(view[:filled])
                size += filled
                turn = 1 - turn
            if filled < len(view):
                self._settle()
                return size

    def _send(self, piece: memoryview) -> None:
        self._under_way = [(upload, upload.write(piece)) for _, upload in self.uploads]
        self._hashing = promised(offload, self._digest.update, piece)

    def _settle(self) -> None:
        """Wait for the piece under way; leave out whoever failed."""
        self._hashing.wait()
        promises = [promise for _, promise in self._under_way]
        wait_until(promises, lambda: False, self._seconds)
        lost = set()
        for upload, promise in self._under_way:
            if promise.done and promise.error is None:
                continue
            lost.add(id(upload))
            if promise.error is not None:
                self._errors.append(promise.error)
            else:
                # It still reads our memory.
                self._buffers = piece_buffers()
            upload.abort()
        self._under_way = []
        if lost:
            self.uploads = [pair for pair in self.uploads if id(pair[1]) not in lost]
        if len(self.uploads) < self._needed:
            raise self._failure()

    def _failure(self) -> Exception:
        if self._errors and all(
            isinstance(error, InsufficientStorage) for error in self._errors
        ):
            return InsufficientStorage("every device that could hold this is full")
        return Unavailable("too few replicas take the upload")
