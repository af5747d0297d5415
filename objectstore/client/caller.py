"""One way to call an HTTP service, wherever it runs.

A ``Caller`` sends one request to one service and gives an ``Answer``.  Whether the
service is a WSGI application of this process (``InProcessCaller``) or listens
elsewhere (``HttpCaller``) is decided once, where the process is put together, so
the code of a client is written, and tested, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol

import orjson

from objectstore.kernel.errors import Unavailable

Headers = Mapping[str, str]
Content = bytes | Iterable[bytes]

# An answer read whole is a JSON document or a listing, never a body of bytes.
WHOLE_ANSWER_BYTES_MAX = 64 * 1024 * 1024


class Answer:
    """A reply: its status, its headers (names in lower case), its body as pieces.

    Read it to the end or ``close`` it: a kept connection waits for that.
    """

    __slots__ = ("_close", "_pieces", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: Iterable[bytes],
        close: Any = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self._pieces = pieces
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        """The body, piece by piece; closes at its end."""
        try:
            yield from self._pieces
        finally:
            self.close()

    def read(self, limit: int = WHOLE_ANSWER_BYTES_MAX) -> bytes:
        """The whole body; ``Unavailable`` beyond ``limit`` bytes."""
        pieces: list[bytes] = []
        length = 0
        for piece in self:
            length += len(piece)
            if length > limit:
                raise Unavailable(f"an answer is longer than {limit} bytes")
            pieces.append(bytes(piece))
        return b"".join(pieces)

    def json(self) -> Any:
        """The body as JSON; None when it is empty, ``Unavailable`` when it is not
        JSON: whatever answered is not the service that was meant."""
        raw = self.read()
        if not raw:
            return None
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise Unavailable("a service answered with something else than JSON") from (
                None
            )

    def close(self) -> None:
        """Give the connection back, or end it when there was more to read."""
        close, self._close = self._close, None
        if close is not None:
            close()

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Caller(Protocol):
    """Sends requests to one service."""

    def request(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Send one request and wait for the head of its answer.

        ``path`` is percent-encoded and may have a query.  A body of pieces is sent
        as it comes, in chunks.  ``timeout``: seconds until the answer must begin.
        Raises ``Unavailable`` when the service cannot be reached.
        """
