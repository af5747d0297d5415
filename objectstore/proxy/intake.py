"""Large bodies on their way in: from the client to several uploads at once.

Two buffers alternate: while one is being written to the replicas and hashed on
a native thread, the other fills from the client.  Memory is constant whatever
the size, and the MD5 is computed once.  A replica that fails is left out from
then on; the upload as a whole fails when too few are left.
"""

from __future__ import annotations

import hashlib
from typing import Any

from objectstore.kernel.concurrency import Promise, offload, promised, wait_until
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.proxy.limits import OBJECT_BYTES_MAX
from objectstore.wire.nodes import WRITE_BYTES_MAX, ObjectNode, Upload

# Pairs of buffers kept for the next upload; more uploads at once allocate.
SPARE_PAIRS_MAX = 8
# Beyond, receiving into one buffer is cheaper than joining what comes.
READ_AT_ONCE_BYTES_MAX = 64 * 1024

Buffers = tuple[bytearray, bytearray]


class BufferPool:
    """Buffers between uploads: allocating 2 MiB anew costs page faults."""

    def __init__(self) -> None:
        self._spare: list[Buffers] = []

    def take(self) -> Buffers:
        """A pair of buffers of WRITE_BYTES_MAX."""
        if self._spare:
            return self._spare.pop()
        return bytearray(WRITE_BYTES_MAX), bytearray(WRITE_BYTES_MAX)

    def give_back(self, buffers: Buffers) -> None:
        """They are free again: no write of them is under way."""
        if len(self._spare) < SPARE_PAIRS_MAX:
            self._spare.append(buffers)


class Source:
    """The request's body with its promise of length kept."""

    def __init__(self, body: Any, length: int | None) -> None:
        self._body = body
        self._length = length
        self._received = 0

    def fill(self, view: memoryview) -> int:
        """Fill the view; fewer bytes only at the body's end.

        Rejected 499 when it ends before its length, 413 beyond the largest.
        """
        filled = 0
        while filled < len(view):
            size = self._body.readinto(view[filled:])
            if not size:
                break
            filled += size
        self._received += filled
        if filled < len(view) and self._length not in (None, self._received):
            raise Rejected(499, "Client Disconnect")
        if self._received > OBJECT_BYTES_MAX:
            raise Rejected(413, "Your request is too large.")
        return filled


def read_small(body: Any, length: int) -> bytes:
    """A body of known, small length; Rejected 499 when it ends early."""
    if not length:
        return b""
    if length > READ_AT_ONCE_BYTES_MAX:
        buffer = bytearray(length)
        Source(body, length).fill(memoryview(buffer))
        return bytes(buffer)
    data: bytes = body.read(length)
    while len(data) < length:
        more = body.read(length - len(data))
        if not more:
            raise Rejected(499, "Client Disconnect")
        data += more
    return data


class Intake:
    """One large body going to several uploads.

    ``uploads`` shrinks as replicas fail; ``run`` returns (size, MD5).
    """

    def __init__(
        self,
        uploads: list[tuple[ObjectNode, Upload]],
        needed: int,
        seconds: float,
        pool: BufferPool,
    ) -> None:
        self.uploads = uploads
        self._needed = needed
        self._seconds = seconds
        self._pool = pool
        self._buffers = pool.take()
        self._digest = hashlib.md5(usedforsecurity=False)
        self._under_way: list[tuple[Upload, Promise[None]]] = []
        self._hashing: Promise[None] = Promise.of(None)
        self._errors: list[BaseException] = []
        self._buffers_are_free = True

    def run(self, source: Source, first: bytes) -> tuple[int, str]:
        """Send everything, ``first`` before what the source still has.

        Raises what the client did wrong, or ``Unavailable`` when fewer than
        ``needed`` replicas are left.  The caller aborts the uploads then.
        """
        try:
            size = self._send_all(source, first)
        finally:
            self._settle_all()
        return size, self._digest.hexdigest()

    def _send_all(self, source: Source, first: bytes) -> int:
        size = len(first)
        beginning = memoryview(first)
        for at in range(0, size, WRITE_BYTES_MAX):
            self._settle()
            self._send(beginning[at : at + WRITE_BYTES_MAX])
        turn = 0
        while True:
            view = memoryview(self._buffers[turn])
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
                # It still holds our memory: nobody else may have it.
                self._buffers_are_free = False
                self._buffers = self._pool.take()
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

    def _settle_all(self) -> None:
        """The end, good or bad: the buffers are free once nobody uses them."""
        if not self._hashing.done:
            self._hashing.wait()
        if self._buffers_are_free and all(
            promise.done for _, promise in self._under_way
        ):
            self._pool.give_back(self._buffers)
