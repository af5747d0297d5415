"""A reply as the client pool's callers see it, and the parsing of its head."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import httptools

from objectstore.kernel.http.body import EMPTY, Body
from objectstore.kernel.http.framing import (
    UNTIL_CLOSE,
    Field,
    Malformed,
    response_length,
)


class ResponseHead:
    """What a reply says before its body."""

    __slots__ = ("body_length", "fields", "keep_alive", "status")

    def __init__(self, raw: bytes, method: str) -> None:
        """Parse ``raw`` (with its empty line), the answer to a ``method``.

        Raises ``Malformed``.
        """
        self.fields: list[Field] = []
        parser = httptools.HttpResponseParser(self)
        try:
            parser.feed_data(raw)
        except httptools.HttpParserUpgrade:
            pass  # nobody asked for one; the framing below says what follows
        except httptools.HttpParserError as error:
            raise Malformed(str(error)) from None
        self.status: int = parser.get_status_code()
        is_http_11 = raw.startswith(b"HTTP/1.1 ")
        lengths: list[bytes] = []
        encodings: list[bytes] = []
        connection = b""
        for name, value in self.fields:
            lower = name.lower()
            if lower == b"content-length":
                lengths.append(value.rstrip(b" \t"))
            elif lower == b"transfer-encoding":
                encodings.append(value.rstrip(b" \t"))
            elif lower == b"connection":
                connection = value.lower()
        self.body_length = response_length(
            lengths, encodings, method=method, status=self.status
        )
        self.keep_alive = (
            is_http_11 and b"close" not in connection
        ) or b"keep-alive" in connection
        if self.body_length == UNTIL_CLOSE:
            self.keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """llhttp found a header line."""
        self.fields.append((name, value))


class Response:
    """A reply: status, header lines as they came, and the body to be read.

    Once its body is read to the end the connection serves others; ``close``
    before that ends the connection.  Use it in a ``with``, or call ``close``.
    Readers raise ``Unavailable`` when the peer goes away or stalls.
    """

    __slots__ = ("_body", "_done", "fields", "length", "status")

    def __init__(
        self,
        head: ResponseHead,
        body: Body,
        done: Callable[[bool], None],
    ) -> None:
        """``done(reusable)`` takes the connection back, once."""
        self.status = head.status
        self.fields = head.fields
        # The body's size; None when it is not known beforehand.
        self.length = head.body_length if head.body_length >= 0 else None
        self._body = body
        self._done: Callable[[bool], None] | None = done
        if body is EMPTY:
            self.close()

    def header(self, name: bytes, default: bytes = b"") -> bytes:
        """The first header of that name (given in lower case)."""
        for field, value in self.fields:
            if len(field) == len(name) and field.lower() == name:
                return value
        return default

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of it when negative."""
        data = self._body.read(size)
        if self._body.complete or not data:
            self.close()
        return data

    def read1(self, size: int) -> bytes:
        """At most ``size`` bytes, what one receive call brings."""
        data = self._body.read1(size)
        if self._body.complete or not data:
            self.close()
        return data

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; fewer bytes than it holds only at the end."""
        size = self._body.readinto(view)
        if self._body.complete or size < len(view):
            self.close()
        return size

    def close(self) -> None:
        """Done with it.  Harmless when called again."""
        done, self._done = self._done, None
        if done is not None:
            done(self._body.complete)

    def __enter__(self) -> Response:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
