"""The side that answers: channels as an application behind the HTTP edge.

A call is handed to the server of its kind, which gives a promise; the answer goes out
when that is kept, in whatever order.  Nothing waits between a call and the next.
"""

from __future__ import annotations

import hmac
import logging
import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.http.exchange import UPGRADE_KEY
from objectstore.kernel.http.patient_socket import NEVER
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.reply import text_reply
from objectstore.kernel.request import Environ, StartResponse
from objectstore.kernel.summed_lines import SummedLines
from objectstore.kernel.transaction import (
    NO_TRANSACTION,
    TRANSACTION,
    current_transaction,
    set_transaction,
)
from objectstore.kernel.young_objects import YoungObjects
from objectstore.wire.channel.format import (
    BYTES_IN_A_ROW,
    NODE_ERROR,
    PROTOCOL,
    REFUSED,
    VALUE,
    Assembler,
    Call,
    answer_head,
    parse_call,
)
from objectstore.wire.channel.outbox import Outbox
from objectstore.wire.codec import Malformed
from objectstore.wire.errors import encode_error
from objectstore.wire.frames import MESSAGE_BYTES_MAX
from objectstore.wire.serving import SECRET_KEY, adopt_transaction

# Calls of one connection without an answer; more are refused.  A caller gives up
# after a while, but what it called may hang for ever: a device that does must not take
# the place of the others'.
CALLS_MAX = 4096
HUNG_SECONDS = 10.0
# A caller that is there has left long before: one that was stopped never would.  Looked
# at so often, it is told the end first, and then ended: what is on its way arrives.
LEAVE_SECONDS = 1.0
# A caller that is silent for so long is asked whether it is still there.
KEEPALIVE_SECONDS = 60
# Then the rest of the process gets its turn.
CALLS_IN_A_ROW = 32

_log = logging.getLogger("objectstore.wire")


class CallServer(Protocol):
    """Answers the calls on one kind of node; ``wire.serving.NodeServer`` does."""

    def answer(self, method: str, parts: list[str], body: bytes) -> Promise[bytes]:
        """Never raises, never waits."""


class CallSink(Protocol):
    """Takes note of each answered call."""

    def count(
        self, method: str, status: int, seconds: float, bytes_in: int, bytes_out: int
    ) -> None:
        """Take note of one call; must not wait."""


class ChannelServer:
    """The application at ``format.PATH``: a connection that becomes a channel."""

    def __init__(
        self,
        servers: Mapping[str, CallServer],
        secret: str,
        monotonic: Callable[[], float],
        sink: CallSink | None = None,
    ) -> None:
        """``servers`` by the kind of node that stands in a target."""
        self._servers = servers
        self._secret = secret.encode()
        self._monotonic = monotonic
        self._sink = sink
        self._young = YoungObjects()
        # While a device is away every call to it is one, thousands in a minute.
        self._failures = SummedLines(_log, logging.WARNING, "calls failed")
        self._lines: dict[_Line, None] = {}  # in the order of their coming
        self._is_leaving = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer as a WSGI application."""
        sent = environ.get(SECRET_KEY, "").encode("latin-1")
        if not hmac.compare_digest(sent, self._secret):
            return text_reply(403)(environ, start_response)
        take_over = environ.get(UPGRADE_KEY)
        if take_over is None or environ.get("HTTP_UPGRADE") != PROTOCOL:
            return text_reply(400, f"{PROTOCOL} is spoken here")(
                environ, start_response
            )
        stream = take_over([("Connection", "Upgrade"), ("Upgrade", PROTOCOL)])
        line = _Line(
            stream,
            self._servers,
            self._monotonic,
            self._sink,
            self._young,
            self._failures,
        )
        self._lines[line] = None
        if self._is_leaving:  # it was on its way here before we were
            line.leave()
        try:
            line.run()
        finally:
            self._lines.pop(line, None)
        return ()

    def leave(self) -> None:
        """Ask the callers to go elsewhere; each ends its connection when it has
        its answers.  One that does not within twice ``LEAVE_SECONDS`` is ended,
        unless it waits for an answer, or takes one."""
        self._is_leaving = True
        self._failures.close()
        for line in self._lines:
            line.leave()


class _Line:
    """One connection."""

    def __init__(
        self,
        stream: Stream,
        servers: Mapping[str, CallServer],
        monotonic: Callable[[], float],
        sink: CallSink | None,
        young: YoungObjects,
        failures: SummedLines,
    ) -> None:
        self._stream = stream
        self._servers = servers
        self._monotonic = monotonic
        self._sink = sink
        self._young = young
        self._failures = failures
        self._outbox = Outbox(stream)
        self._unanswered: dict[int, float] = {}  # since when
        self._is_over = False
        stream.patience = NEVER  # callers may have nothing to ask for long
        _notice_death(stream.socket)

    def leave(self) -> None:
        """See ``ChannelServer``."""
        self._outbox.put_leaving()
        concurrency.spawn(self._end_unheeded)

    def _end_unheeded(self) -> None:
        """Nobody who has nothing to wait for holds up the end of a process."""
        is_told = False
        while not self._is_over:
            concurrency.sleep(LEAVE_SECONDS)
            if self._unanswered or self._outbox.is_moving:
                continue
            if is_told:
                self._stream.sever()
                return
            self._stream.end_sending()
            is_told = True

    def run(self) -> None:
        """Take calls until the connection ends."""
        stream, assembler = self._stream, Assembler()
        calls = received = 0  # in a row
        try:
            while data := stream.receive():
                received += len(data)
                for number, message in assembler.feed(data):
                    self._take(number, parse_call(message))
                    calls += 1
                    if calls >= CALLS_IN_A_ROW or received >= BYTES_IN_A_ROW:
                        calls = received = 0
                        concurrency.sleep(0)
        except Malformed as error:
            _log.warning("a channel ended: %s", error)
        finally:
            self._is_over = True
            stream.sever()
            self._outbox.end()

    def _take(self, number: int, call: Call) -> None:
        began = self._monotonic()
        if len(self._unanswered) >= CALLS_MAX:
            self._forget_hung(began)
            if len(self._unanswered) >= CALLS_MAX:
                self._outbox.put(number, answer_head(REFUSED), b"too many calls")
                return
        if not adopt_transaction(call.transaction):
            set_transaction(NO_TRANSACTION)
        transaction = current_transaction()
        parts = call.target.split("/")
        server = self._servers.get(parts[2]) if len(parts) > 2 else None
        if server is None:
            self._outbox.put(number, answer_head(REFUSED), b"no such kind of node")
            return
        self._unanswered[number] = began

        def answered(promise: Promise[bytes]) -> None:
            self._answer(number, call, began, promise, transaction)

        server.answer(call.method, parts, call.body).when_done(answered)

    def _answer(
        self,
        number: int,
        call: Call,
        began: float,
        promise: Promise[bytes],
        transaction: str,
    ) -> None:
        if self._is_over:
            return
        self._unanswered.pop(number, None)
        outcome, status, body = _outcome(promise, transaction, self._failures)
        self._outbox.put(number, answer_head(outcome), body)
        if self._sink is not None:
            seconds = self._monotonic() - began
            self._sink.count(call.method, status, seconds, len(call.body), len(body))
        self._young.note_request()

    def _forget_hung(self, now: float) -> None:
        for number, since in list(self._unanswered.items()):
            if now - since > HUNG_SECONDS:
                del self._unanswered[number]


def _notice_death(sock: Any) -> None:
    """Let the system find out when the caller's machine is gone."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)


def _outcome(
    promise: Promise[bytes], transaction: str, failures: SummedLines
) -> tuple[int, int, bytes]:
    """Outcome, HTTP's status for it, and body of an answer."""
    error = promise.error
    if error is None:
        body = promise.result()
        if len(body) > MESSAGE_BYTES_MAX:
            return REFUSED, 500, b"the answer is longer than it may be"
        return VALUE, 200, body
    if isinstance(error, Malformed):
        return REFUSED, 400, str(error).encode()
    # Whoever keeps a promise works for somebody else.
    before = TRANSACTION.set(transaction)
    try:
        if isinstance(error, RingstackError):
            status, message = encode_error(error)
            line = f"{type(error).__name__}: {error}"
            if isinstance(error, Unavailable):
                failures.note(line)
            elif status >= 500:
                _log.warning("%s", line)
            return NODE_ERROR, status, message
        _log.error("a call failed", exc_info=error)
        return REFUSED, 500, b"an error occurred"
    finally:
        TRANSACTION.reset(before)
