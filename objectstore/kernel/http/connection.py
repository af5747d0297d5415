"""One client's connection: heads in, exchanges, and a decent end.

A greenlet of its own runs it.  Between requests it is *idle*: it may be ended
at any time then, without harm.
"""

from __future__ import annotations

import socket
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.body import Body
from objectstore.kernel.http.edge import (
    CLIENT_FAULTS,
    ClientGone,
    ClientStalled,
    Edge,
)
from objectstore.kernel.http.environ import base_environ, fill_environ
from objectstore.kernel.http.exchange import exchange
from objectstore.kernel.http.framing import Malformed
from objectstore.kernel.http.head import (
    END_OF_HEAD,
    HeadParser,
    RequestHead,
    find_early_fault,
)
from objectstore.kernel.http.incoming_body import body_of
from objectstore.kernel.http.limits import BEGINNING_BYTES, PIPELINED_IN_A_ROW
from objectstore.kernel.http.outgoing_reply import OutgoingReply
from objectstore.kernel.http.patient_socket import NEVER
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.tls import TlsSocket
from objectstore.kernel.reply import STATUS_LINES
from objectstore.kernel.request import CONTEXT_KEY, SOCKET_KEY, Environ
from objectstore.kernel.transaction import TRANSACTION

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """Serves the requests of one client, one after the other."""

    __slots__ = ("_edge", "_environ", "_in_a_row", "_parser", "idle", "stream")

    def __init__(
        self, edge: Edge, sock: socket.socket | TlsSocket, local: Any, remote: Any
    ) -> None:
        settings = edge.settings
        self.stream = Stream(
            sock, CLIENT_FAULTS, edge.clock.monotonic, settings.idle_timeout
        )
        self.idle = True
        self._edge = edge
        self._parser = HeadParser(settings)
        scheme = "https" if isinstance(sock, TlsSocket) else "http"
        self._environ: Environ = base_environ(local, remote, sock.family, scheme)
        self._environ[SOCKET_KEY] = sock
        self._in_a_row = 0

    def run(self) -> None:
        """Serve until either side ends it; always closes the socket."""
        try:
            young = self._edge.young
            while self._serve_one():
                young.note_request()  # behind the reply, which is on its way
                if self.stream.buffered:
                    self._in_a_row += 1
                    if self._in_a_row % PIPELINED_IN_A_ROW == 0:
                        concurrency.sleep(0)
                elif self._edge.draining:
                    break
                else:
                    self.idle = True
                    self.stream.begin_message(self._edge.settings.idle_timeout, 0)
                    self.stream.wait_for_data()
        except (ClientGone, ClientStalled):
            pass  # it had nothing under way
        finally:
            self.stream.close()

    def _serve_one(self) -> bool:
        """Answer one request; whether the connection goes on."""
        try:
            raw = self._receive_head()
            if raw is None:
                return False
            began = self._edge.clock.monotonic()
            head = self._parser.parse(raw)
        except Malformed as malformed:
            self._refuse(malformed.status, str(malformed))
            return False
        stream, settings = self.stream, self._edge.settings
        stream.begin_message(settings.stall_timeout, settings.rate_min)
        if head.expects_continue and not head.body_length:
            # Nobody will ask for the body.  Needless by RFC 9110, but aws (1.46) takes
            # the next reply of the connection amiss after one without it.
            self._say_continue()
        body = body_of(
            head.body_length,
            stream,
            CLIENT_FAULTS,
            self._say_continue if head.expects_continue else None,
        )
        environ = self._environ.copy()
        context = self._edge.make_context()
        TRANSACTION.set(context.transaction_id)
        fill_environ(environ, head, body, context)
        reply = OutgoingReply(self._edge, stream, head, body, environ)
        try:
            exchange(self._edge, head, environ, reply)
            goes_on = reply.keep_alive and self._reach_end(body)
        finally:
            self._record(reply, environ, head, body, began)
        unread = not body.complete or stream.buffered > 0
        if unread and not goes_on and not stream.broken:
            self._linger()
        return goes_on

    # ---- the head ------------------------------------------------------------

    def _receive_head(self) -> bytes | None:
        """The next head with its empty line; None when the client has ended."""
        stream = self.stream
        data = stream.receive(BEGINNING_BYTES)
        if not data:
            return None
        self.idle = False
        if data[0] in b"\r\n":  # empty lines before a request are allowed
            data = data.lstrip(b"\r\n")
        stop = data.find(END_OF_HEAD)
        if stop < 0:
            data = self._receive_rest(data)
            if not data:
                return None
            stop = data.find(END_OF_HEAD)
        stop += len(END_OF_HEAD)
        if stop > self._edge.settings.head_bytes_max:
            raise Malformed("Request head too large", 431)
        if stop == len(data):
            return data
        stream.put_back(data[stop:])
        return data[:stop]

    def _receive_rest(self, data: bytes) -> bytes:
        """Go on until the head is complete, or ``b""`` when the client ended."""
        stream, settings = self.stream, self._edge.settings
        stream.begin_message(settings.head_timeout, 0)
        stream.limit = self._edge.clock.monotonic() + settings.head_timeout
        more = data
        while True:
            # The new bytes and the one before them: a CRLF may lie across.
            self._check_incomplete(data, data[-len(more) - 1 :])
            try:
                more = stream.receive()
            except ClientStalled:
                raise Malformed("The request head took too long", 408) from None
            if not more:
                return b""
            seen = max(0, len(data) - len(END_OF_HEAD))
            data = data + more if data else more.lstrip(b"\r\n")
            if data.find(END_OF_HEAD, seen) >= 0:
                return data

    def _check_incomplete(self, data: bytes, fresh: bytes) -> None:
        settings = self._edge.settings
        fault = find_early_fault(data[:1], fresh)
        if fault:
            raise Malformed(fault)
        if len(data) > settings.request_line_bytes_max and b"\r\n" not in data:
            raise Malformed("Request line too long", 414)
        if len(data) > settings.head_bytes_max:
            raise Malformed("Request head too large", 431)

    # ---- around the exchange -------------------------------------------------

    def _say_continue(self) -> None:
        self.stream.send(CONTINUE)

    def _reach_end(self, body: Body) -> bool:
        """Read what the application left of the body; whether its end came."""
        if body.complete:
            return True
        settings = self._edge.settings
        self._hurry()
        try:
            return body.discard(settings.drain_bytes_max)
        except Rejected:
            return False
        finally:
            self.stream.limit = NEVER

    def _hurry(self) -> None:
        """What follows is a courtesy: it gets little time."""
        seconds = self._edge.settings.drain_timeout
        self.stream.patience = seconds
        self.stream.limit = self._edge.clock.monotonic() + seconds

    def _linger(self) -> None:
        """End our side, and read on for a while before closing: closing with
        unread bytes resets the connection and can destroy the reply under way."""
        stream = self.stream
        left = self._edge.settings.drain_bytes_max
        self._hurry()
        stream.end_sending()
        try:
            while left > 0:
                data = stream.receive()
                if not data:
                    return
                left -= len(data)
        except Rejected:
            return

    def _refuse(self, status: int, text: str) -> None:
        """Answer a head that is no request, and end."""
        stream, edge = self.stream, self._edge
        body = f"{text}\n".encode()
        context = edge.make_context()
        head = (
            f"HTTP/1.1 {STATUS_LINES[status]}\r\n"
            f"Content-Type: text/plain; charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            # The client cannot ask about what it cannot name.
            f"X-Trans-Id: {context.transaction_id}\r\n"
            f"{edge.dates.at(edge.clock.time())}"
            "Connection: close\r\n\r\n"
        )
        if edge.access is not None:
            remote = self._environ["REMOTE_ADDR"]
            edge.access.record(
                AccessEntry(remote, "-", "-", status, 0, len(body), 0.0, context, "")
            )
        try:
            stream.send(head.encode("latin-1") + body)
        except Rejected:
            return
        self._linger()

    def _record(
        self,
        reply: OutgoingReply,
        environ: Environ,
        head: RequestHead,
        body: Body,
        began: float,
    ) -> None:
        edge = self._edge
        if edge.access is not None:
            entry = AccessEntry(
                environ["REMOTE_ADDR"],
                head.method,
                f"{head.path}?{head.query}" if head.query else head.path,
                reply.status,
                body.consumed,
                reply.bytes_out,
                edge.clock.monotonic() - began,
                environ[CONTEXT_KEY],
                environ.get("HTTP_USER_AGENT", ""),
            )
            edge.access.record(entry)
