"""A reply on its way to the client: its head, then its bytes.

Keeps the promise of length: never more bytes than the head announced, and a
connection that got fewer is closed, for its client cannot tell where the next
reply begins.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.body import Body
from objectstore.kernel.http.edge import Edge
from objectstore.kernel.http.head import RequestHead
from objectstore.kernel.http.limits import JOIN_BYTES_MAX
from objectstore.kernel.http.reply_head import BadReply, encode_head, read_head
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.reply import STATUS_LINES
from objectstore.kernel.request import CONTEXT_KEY, Environ

UNBOUNDED = -1


class OutgoingReply:
    """To one request; ``start`` is the ``start_response`` of WSGI."""

    __slots__ = (
        "_body",
        "_chunked",
        "_edge",
        "_environ",
        "_head",
        "_head_bytes",
        "_headers",
        "_left",
        "_sent_before",
        "_status",
        "_stream",
        "keep_alive",
        "status",
    )

    def __init__(
        self,
        edge: Edge,
        stream: Stream,
        head: RequestHead,
        body: Body,
        environ: Environ,
    ) -> None:
        self.status = 0  # of the reply, for the access line
        self.keep_alive = head.keep_alive
        self._edge = edge
        self._stream = stream
        self._head = head
        self._body = body
        self._environ = environ
        self._status = ""
        self._headers: Iterable[tuple[str, str]] = ()
        self._head_bytes = 0  # the head's size, once it is sent
        self._left = UNBOUNDED  # body bytes promised and not sent yet
        self._chunked = False
        self._sent_before = stream.sent

    @property
    def bytes_out(self) -> int:
        """The body's bytes handed to the network so far."""
        return max(0, self._stream.sent - self._sent_before - self._head_bytes)

    # ---- what the application calls ----------------------------------------

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Any:
        """``start_response``: what the head is to say; sent with the first bytes."""
        if exc_info:
            if self._head_bytes:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._status:
            raise BadReply("start_response was called twice")
        self._status, self._headers = status, headers
        return self._write

    def _write(self, data: bytes) -> None:
        if data:
            self._send_piece(data)

    def take_over(self, headers: list[tuple[str, str]]) -> Stream:
        """Switch protocols: answer 101; what goes on is the caller's."""
        if self._head_bytes or self._status:
            raise BadReply("the reply has begun already")
        lines = ["HTTP/1.1 101 Switching Protocols\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers]
        head = encode_head(lines)
        self._status, self.status = "101", 101
        self._head_bytes = len(head)
        self._left = 0
        self.keep_alive = False
        self._stream.send(head)
        # Nobody owes bytes here: a console may show nothing new for an hour.
        self._stream.rate_min = 0
        return self._stream

    # ---- sending -----------------------------------------------------------

    def send_list(self, pieces: list[bytes] | tuple[bytes, ...]) -> None:
        """The whole body, which is at hand."""
        if self._head_bytes:  # something was sent by write() already
            self.send_pieces(pieces)
            return
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        head = self._begin(len(body))
        body = self._clip(body)
        if not body:
            self._stream.send(head)
        elif len(body) <= JOIN_BYTES_MAX:
            self._stream.send(head + body)
        else:
            self._stream.send_parts(head, body)
        self._finish()

    def send_pieces(self, pieces: Iterable[bytes]) -> None:
        """A body that comes piece by piece."""
        if self._status and self._head.method == "HEAD":
            pieces = ()
        for piece in pieces:
            if piece:
                self._send_piece(piece)
                if self._left:
                    self._stream.let_others()
        if not self._head_bytes:
            self._stream.send(self._begin(0))
        self._finish()

    def _send_piece(self, piece: bytes) -> None:
        head = b"" if self._head_bytes else self._begin(None)
        if self._chunked:
            before, after = b"%s%x\r\n" % (head, len(piece)), b"\r\n"
        else:
            before, after = head, b""
            piece = self._clip(piece)
        if len(piece) <= JOIN_BYTES_MAX:
            self._stream.send(before + piece + after)
        else:
            self._stream.send_parts(before, piece, after)

    def send_spans(self, source: Any) -> None:
        """A body that is partly in files (``Spans``)."""
        spans = iter(source.spans())
        # The first span before the head: a body that turns out bad at once can
        # still become a proper refusal.
        span = next(spans, None)
        head = self._begin(0 if span is None else None)
        if span is None or not self._left:
            self._stream.send(head)
            self._finish()
            return
        self._stream.send(head, socket.MSG_MORE)
        while span is not None:
            in_file = isinstance(span, tuple)
            length = span[2] if in_file else len(span)
            if self._chunked:
                self._stream.send(b"%x\r\n" % length, socket.MSG_MORE)
            else:
                length = self._clip_length(length)
            if not in_file:
                self._stream.send(span[:length])
            elif self._stream.send_file(span[0], span[1], length) != length:
                raise BadReply("a file is shorter than its span")
            if self._chunked:
                self._stream.send(b"\r\n")
            if self._left:
                self._stream.let_others()
            span = next(spans, None)
        self._finish()

    def _begin(self, known: int | None) -> bytes:
        """The reply's head; decides framing and the connection's fate.

        ``known``: the body's size where all of it is at hand.
        """
        if not self._status:
            raise BadReply("start_response was not called")
        facts = read_head(self._status, self._headers)
        code = int(self._status[:3])
        lines, length = facts.lines, facts.length
        is_head = self._head.method == "HEAD"
        if is_head or code in (204, 304) or code < 200:
            self._left = 0
            if length is not None and code != 204 and code >= 200:
                lines.append(f"Content-Length: {length}\r\n")
        else:
            if length is None:
                length = known
            self._promise(lines, length)
        if not facts.has_date:
            lines.append(self._edge.dates.at(self._edge.clock.time()))
        self._decide_connection(lines, closes=facts.closes)
        self._body.let_wait()
        head = encode_head(lines)
        self.status = code
        self._head_bytes = len(head)
        return head

    def _promise(self, lines: list[str], length: int | None) -> None:
        if length is not None:
            self._left = length
            lines.append(f"Content-Length: {length}\r\n")
        elif self._head.is_http_11:
            self._chunked = True
            lines.append("Transfer-Encoding: chunked\r\n")
        else:
            self.keep_alive = False  # its end is the connection's end

    def _decide_connection(self, lines: list[str], *, closes: bool) -> None:
        body = self._body
        if (
            closes
            or self._edge.draining
            or self._stream.overdue
            or not (
                body.complete or body.ends_within(self._edge.settings.drain_bytes_max)
            )
        ):
            self.keep_alive = False
        if not self.keep_alive:
            lines.append("Connection: close\r\n")
        elif not self._head.is_http_11:
            lines.append("Connection: keep-alive\r\n")

    def _clip(self, piece: bytes) -> bytes:
        size = self._clip_length(len(piece))
        return piece if size == len(piece) else piece[:size]

    def _clip_length(self, size: int) -> int:
        """How much of the next ``size`` bytes was promised."""
        left = self._left
        if left == UNBOUNDED:
            return size
        if size > left:
            if self._head.method != "HEAD":
                self._complain("sent more than its Content-Length")
            size = left
        self._left = left - size
        return size

    def _finish(self) -> None:
        if self._chunked:
            self._stream.send(b"0\r\n\r\n")
        elif self._left > 0:
            self._complain("sent less than its Content-Length")
            self.keep_alive = False

    # ---- when it goes wrong --------------------------------------------------

    def _complain(self, what: str) -> None:
        method, path = self._head.method, self._head.path
        self._edge.logger.error(
            "%s: the application %s (%s %.200r, status %d)",
            self.transaction_id,
            what,
            method,
            path,
            self.status,
        )

    @property
    def transaction_id(self) -> str:
        """The transaction id of the request."""
        context = self._environ[CONTEXT_KEY]
        return str(context.transaction_id)

    def say(self, status: int, headers: list[tuple[str, str]], text: bytes) -> None:
        """Send a short reply of our own, when no head has gone out yet."""
        if self._head_bytes or self._stream.broken:
            # Half a reply went out as something else; the access line tells
            # what became of it.
            self.give_up(status)
            return
        if self._environ[CONTEXT_KEY].transaction_id != "-":
            headers = [*headers, ("X-Trans-Id", self.transaction_id)]
        self._status = STATUS_LINES.get(status, f"{status} Error")
        self._headers = headers
        try:
            self.send_list([text])
        except Rejected:
            self.give_up(499)

    def give_up(self, status: int) -> None:
        """Nothing more can be sent; ``status`` is for the access line."""
        self.status = status
        self.keep_alive = False
