"""One request of ours under way on a connection of the client pool.

Nothing is sent before the first ``write`` (or ``finish``), so head and first
piece leave in one packet.  A peer may answer before it has taken the whole body
(a refusal, a full disk): what is still to be written is dropped then, and
``finish`` returns that answer.
"""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.body import EMPTY
from objectstore.kernel.http.framing import Malformed
from objectstore.kernel.http.head import END_OF_HEAD
from objectstore.kernel.http.incoming_body import body_of
from objectstore.kernel.http.limits import HEAD_BYTES_MAX
from objectstore.kernel.http.patient_socket import Faults
from objectstore.kernel.http.response import Response, ResponseHead
from objectstore.kernel.http.stream import Stream

CONTINUE = 100
SWITCHING_PROTOCOLS = 101
# Before the final answer; whoever sends more than a few would do so for ever.
INTERIM_ANSWERS_MAX = 16


class Call:
    """A request being sent, then its reply awaited."""

    __slots__ = (
        "_done",
        "_faults",
        "_head",
        "_left",
        "_method",
        "_patience",
        "_received_before",
        "_refused",
        "_stream",
    )

    def __init__(
        self,
        stream: Stream,
        faults: Faults,
        method: str,
        head: bytes,
        length: int | None,
        patience: float,
        done: Callable[[Stream, bool], None],
    ) -> None:
        """``patience``: seconds to wait for the reply to begin.
        ``done(stream, reusable)`` takes the connection back."""
        self._stream = stream
        self._received_before = stream.received
        self._faults = faults
        self._method = method
        self._head = head  # empty once sent
        self._left = length  # body bytes to come; None: chunked
        self._patience = patience
        self._refused = False  # the peer takes no more of the body
        self._done: Callable[[Stream, bool], None] | None = done

    @property
    def replied(self) -> bool:
        """Whether any byte of the reply has come."""
        return self._stream.received > self._received_before

    def write(self, piece: bytes | memoryview) -> None:
        """Send a piece of the body; returns when the system has taken it.

        Raises ``Unavailable`` when the peer stalls.
        """
        if self._refused or not len(piece):
            return
        if self._left is not None:
            assert len(piece) <= self._left, "more body than was announced"
            self._left -= len(piece)
        head, self._head = self._head, b""
        try:
            if self._left is None:
                before = b"%s%x\r\n" % (head, len(piece))
                self._stream.send_parts(before, piece, b"\r\n")
            elif head:
                self._stream.send_parts(head, piece)
            else:
                self._stream.send(piece)
        except Unavailable:
            if self._stream.overdue:
                self.abort()
                raise
            self._refused = True  # its answer may be here already

    @property
    def refused(self) -> bool:
        """Whether the peer takes no more of the body: ``finish`` says why."""
        return self._refused

    def go_ahead(self) -> Response | None:
        """Ask whether the peer wants the body; ``Expect: 100-continue`` must be
        among the headers.  None: it does.  Otherwise its final answer."""
        answer = self._answer_to_head(CONTINUE)
        if answer.status == CONTINUE:
            return None
        self._refused = True
        return self._respond(answer)

    def switch(self) -> Stream | Response:
        """Ask for another protocol; ``Connection: Upgrade`` and ``Upgrade`` must be
        among the headers.  The connection, which is the caller's from now on; or the
        peer's answer, when it goes on with HTTP."""
        answer = self._answer_to_head(SWITCHING_PROTOCOLS)
        if answer.status != SWITCHING_PROTOCOLS:
            return self._respond(answer)
        self._done = None
        return self._stream

    def _answer_to_head(self, awaited: int) -> ResponseHead:
        """Send the head alone; the answer to it: ``awaited``, or a final one."""
        head, self._head = self._head, b""
        try:
            self._stream.send(head)
            return self._receive_answer(awaited)
        except Malformed as malformed:
            self.abort()
            raise self._faults.malformed(str(malformed)) from None
        except BaseException:
            self.abort()
            raise

    def finish(self) -> Response:
        """The body is complete: wait for the reply.

        Raises ``Unavailable`` when none comes.
        """
        assert self._refused or not self._left, "less body than was announced"
        try:
            self._send_end()
            head = self._receive_answer()
        except Malformed as malformed:
            self.abort()
            raise self._faults.malformed(str(malformed)) from None
        except BaseException:
            self.abort()
            raise
        return self._respond(head)

    def abort(self) -> None:
        """Give the request up; the connection ends."""
        done, self._done = self._done, None
        if done is not None:
            done(self._stream, False)

    def _send_end(self) -> None:
        if self._refused:
            return
        end, self._head = self._head, b""
        if self._left is None:
            end += b"0\r\n\r\n"
        if end:
            self._stream.send(end)

    def _receive_answer(self, awaited: int = 0) -> ResponseHead:
        """The next answer that is final, or has the status ``awaited``."""
        for _ in range(INTERIM_ANSWERS_MAX + 1):
            head = ResponseHead(self._receive_head(), self._method)
            if head.status >= 200 or head.status == awaited:
                return head
        raise Malformed("no end of interim answers")

    def _receive_head(self) -> bytes:
        stream = self._stream
        before, stream.patience = stream.patience, self._patience
        data = stream.receive()
        while True:
            if not data:
                raise self._faults.gone()
            stop = data.find(END_OF_HEAD)
            if stop >= 0:
                break
            if len(data) > HEAD_BYTES_MAX:
                raise Malformed("head too large")
            more = stream.receive()
            data = data + more if more else b""
        stream.patience = before
        stop += len(END_OF_HEAD)
        if stop < len(data):
            stream.put_back(data[stop:])
        return data[:stop]

    def _respond(self, head: ResponseHead) -> Response:
        stream, done = self._stream, self._done
        assert done is not None, "finish() was called twice"
        self._done = None
        # What lies in the buffer beyond an empty body answers no request.
        reusable = head.keep_alive and not self._refused
        if head.body_length == 0 and stream.buffered:
            reusable = False

        def give_back(complete: bool) -> None:
            done(stream, complete and reusable and not stream.buffered)

        body = body_of(head.body_length, stream, self._faults)
        return Response(head, EMPTY if head.body_length == 0 else body, give_back)
