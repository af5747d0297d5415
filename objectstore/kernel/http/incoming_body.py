"""A body that follows its head on a stream, as the framing says.

The same classes serve the edge (as ``wsgi.input``) and the client pool (a
reply's body).  Reading goes from the bytes that came with the head first, then
straight from the socket, into the caller's memory where he gives some.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.http.body import EMPTY, Body
from objectstore.kernel.http.framing import (
    CHUNKED,
    UNTIL_CLOSE,
    Malformed,
    parse_chunk_line,
)
from objectstore.kernel.http.limits import CHUNK_LINE_BYTES_MAX, TRAILER_BYTES_MAX
from objectstore.kernel.http.patient_socket import Faults
from objectstore.kernel.http.stream import Stream


class IncomingBody(Body):
    """A body that follows on a stream.

    ``before_first`` is called once, before the first wait for it: a client that
    expects a 100 (Continue) gets it then.
    """

    __slots__ = ("_before_first", "_faults", "_stream", "complete", "consumed")

    def __init__(
        self,
        stream: Stream,
        faults: Faults,
        before_first: Callable[[], None] | None = None,
    ) -> None:
        self._stream = stream
        self._faults = faults
        self._before_first = before_first
        self.complete = False
        self.consumed = 0

    def ends_within(self, bytes_max: int) -> bool:
        """Not when the client still waits to be told to go on: whether it sends
        the body after a final reply is its own choice."""
        return self._before_first is None or self._stream.buffered > 0

    def let_wait(self) -> None:
        """The reply has begun: too late to tell the client to go on."""
        self._before_first = None

    def _begin(self) -> None:
        """Called before anything is received."""
        before_first, self._before_first = self._before_first, None
        if before_first is not None and not self._stream.buffered:
            before_first()


class LengthBody(IncomingBody):
    """A body of known length."""

    __slots__ = ("left",)

    def __init__(
        self,
        stream: Stream,
        faults: Faults,
        length: int,
        before_first: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(stream, faults, before_first)
        self.left = length
        self.complete = length == 0

    def ends_within(self, bytes_max: int) -> bool:
        """Whether no more than that is left."""
        return self.left <= bytes_max and super().ends_within(bytes_max)

    def _piece(self, size: int) -> bytes:
        left = self.left
        if not left:
            return b""
        if self._before_first is not None:
            self._begin()
        piece = self._stream.take(size if size < left else left)
        self._took(len(piece))
        return piece

    def _piece_into(self, view: memoryview) -> int:
        left = self.left
        if not left:
            return 0
        if self._before_first is not None:
            self._begin()
        size = self._stream.take_into(view if len(view) <= left else view[:left])
        self._took(size)
        return size

    def _took(self, size: int) -> None:
        if not size:
            raise self._faults.gone()
        self.consumed += size
        self.left -= size
        if not self.left:
            self.complete = True

    def _put_back(self, data: bytes) -> None:
        if data:
            self._stream.put_back(data)
            self.consumed -= len(data)
            self.left += len(data)
            self.complete = False


class ChunkedBody(IncomingBody):
    """A body in chunks; complete once its last chunk and trailer are read."""

    __slots__ = ("_inside", "_left", "_sound")

    def __init__(
        self,
        stream: Stream,
        faults: Faults,
        before_first: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(stream, faults, before_first)
        self._left = 0  # bytes of this chunk still to come
        self._inside = False  # a chunk has begun, its CRLF is not read yet
        self._sound = True  # nothing malformed met: never resume after it

    def ends_within(self, bytes_max: int) -> bool:
        """Not after something malformed: nobody knows where it ends then."""
        return self._sound and super().ends_within(bytes_max)

    def _piece(self, size: int) -> bytes:
        if not self._left and not self._next_chunk():
            return b""
        piece = self._stream.take(min(size, self._left))
        self._took(len(piece))
        return piece

    def _piece_into(self, view: memoryview) -> int:
        if not self._left and not self._next_chunk():
            return 0
        left = self._left
        size = self._stream.take_into(view if len(view) <= left else view[:left])
        self._took(size)
        return size

    def _took(self, size: int) -> None:
        if not size:
            raise self._faults.gone()
        self.consumed += size
        self._left -= size

    def _put_back(self, data: bytes) -> None:
        # The piece was of one chunk, whose CRLF is read with the next one only.
        if data:
            self._stream.put_back(data)
            self.consumed -= len(data)
            self._left += len(data)

    def _next_chunk(self) -> bool:
        """Go on to the next chunk; False at the end of the body."""
        if self.complete:
            return False
        if not self._sound:
            raise self._faults.malformed("Invalid chunk")
        if self._before_first is not None:
            self._begin()
        self._sound = False
        if self._inside and self._stream.take_line(2):
            raise self._faults.malformed("Chunk without its line end")
        line = self._stream.take_line(CHUNK_LINE_BYTES_MAX)
        try:
            self._left = parse_chunk_line(line)
        except Malformed as malformed:
            raise self._faults.malformed(str(malformed)) from None
        self._inside = self._sound = True
        if not self._left:
            self._skip_trailer()
            self.complete = True
        return not self.complete

    def _skip_trailer(self) -> None:
        self._sound = False
        budget = TRAILER_BYTES_MAX
        while line := self._stream.take_line(budget):
            budget -= len(line) + 2
            if budget <= 0:
                raise self._faults.malformed("Trailer too long")


class UntilCloseBody(IncomingBody):
    """A reply's body that ends with its connection."""

    __slots__ = ()

    def _piece(self, size: int) -> bytes:
        piece = self._stream.take(size)
        self.complete = not piece
        self.consumed += len(piece)
        return piece

    def _piece_into(self, view: memoryview) -> int:
        size = self._stream.take_into(view)
        self.complete = not size
        self.consumed += size
        return size

    def _put_back(self, data: bytes) -> None:
        self._stream.put_back(data)


def body_of(
    length: int,
    stream: Stream,
    faults: Faults,
    before_first: Callable[[], None] | None = None,
) -> Body:
    """The body that the framing (``framing.request_length`` ...) announces."""
    if length == 0:
        return EMPTY
    if length == CHUNKED:
        return ChunkedBody(stream, faults, before_first)
    if length == UNTIL_CLOSE:
        return UntilCloseBody(stream, faults)
    return LengthBody(stream, faults, length, before_first)
