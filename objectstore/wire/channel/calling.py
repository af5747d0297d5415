"""The side that calls: a channel to one peer, and the calls under way on it.

The connection is made by the first call and kept.  When it ends, the calls that have no
answer yet are sent once more on a new one, for every call is idempotent.
A peer that stays silent until a call's time is up is taken for dead.  One that speaks
HTTP only, being of an earlier version, is asked again after a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import (
    DeadlineExceeded,
    RingstackError,
    Unavailable,
)
from objectstore.kernel.http.framing import Field
from objectstore.kernel.http.patient_socket import NEVER
from objectstore.kernel.http.stream import Stream
from objectstore.wire.channel.format import (
    BYTES_IN_A_ROW,
    NODE_ERROR,
    PATH,
    PROTOCOL,
    VALUE,
    Assembler,
    call_head,
    parse_answer,
)
from objectstore.wire.channel.outbox import Outbox
from objectstore.wire.codec import Malformed
from objectstore.wire.errors import decode_error

# A peer answers the request for a channel without asking its devices: one that has not
# for so long hangs as a whole.
SWITCH_SECONDS = 3.0
# A peer that knew no channels may have been upgraded since.
ASK_AGAIN_SECONDS = 60.0
# A connection without calls for so long, looked at that often, is ended.
IDLE_SECONDS = 30.0
_NUMBERS = 2**32

_log = logging.getLogger("objectstore.wire")


class Asked:
    """A call that awaits its answer."""

    __slots__ = (
        "body",
        "decode",
        "due",
        "heard_before",
        "is_repeated",
        "method",
        "promise",
        "seconds",
        "target",
        "transaction",
    )

    def __init__(
        self,
        method: str,
        target: str,
        transaction: str,
        body: bytes,
        decode: Callable[[bytes], Any],
        seconds: float,
    ) -> None:
        """``seconds``: from being sent to its answer."""
        self.method = method
        self.target = target
        self.transaction = transaction
        self.body = body
        self.decode = decode
        self.seconds = seconds
        self.promise: Promise[Any] = Promise()
        self.due = NEVER
        self.heard_before = 0  # bytes received when it was sent
        self.is_repeated = False


class Channel:
    """Calls to one peer."""

    def __init__(
        self,
        client: Client,
        headers: list[Field],
        by_request: Callable[[Asked], None],
    ) -> None:
        """``by_request`` makes a call by HTTP."""
        self._client = client
        self._headers = headers
        self._by_request = by_request
        self._line: Line | None = None
        self._waiting: list[Asked] = []  # for a connection that is being made
        self._is_connecting = False
        self._is_silent = False  # takes connections, and did not answer on the last
        self._is_over = False  # the client was closed
        self._http_until = 0.0
        client.at_end(self._hang_up)

    def ask(self, asked: Asked) -> None:
        """Make the call; never waits."""
        line = self._line
        if line is not None and line.takes_calls:
            if line.is_stuck:
                asked.promise.fail(Unavailable("the peer takes nothing"))
            else:
                line.ask(asked)
        elif self._http_until and self._client.monotonic() < self._http_until:
            self._by_request(asked)
        elif self._client.is_down or (self._is_connecting and self._is_silent):
            # Also while one call tries whether it is back.
            asked.promise.fail(Unavailable("the peer is down"))
        else:
            self._waiting.append(asked)
            if not self._is_connecting:
                self._is_connecting = True
                concurrency.spawn(self._connect)

    def _connect(self) -> None:
        failure: Exception | None = None
        stream = None
        try:
            stream = self._client.switch(PATH, self._headers, PROTOCOL, SWITCH_SECONDS)
        except Exception as error:  # noqa: BLE001  (told to all who wait)
            failure = error
        self._is_silent = isinstance(failure, DeadlineExceeded)
        self._is_connecting = False
        waiting, self._waiting = self._waiting, []
        if failure is not None:
            for asked in waiting:
                asked.promise.fail(failure)
        elif stream is None:
            self._http_until = self._client.monotonic() + ASK_AGAIN_SECONDS
            for asked in waiting:
                self._by_request(asked)
        else:
            self._http_until = 0.0
            line = self._line = Line(stream, self._client, self._ended)
            for asked in waiting:
                line.ask(asked)
            line.run()

    def _hang_up(self) -> None:
        self._is_over = True
        if self._line is not None:
            self._line.hang_up()

    def _ended(self, line: Line, unanswered: list[Asked]) -> None:
        if self._line is line:
            self._line = None
        for asked in unanswered:
            if asked.is_repeated or self._is_over:
                asked.promise.fail(Unavailable("the peer closed the connection"))
            else:
                asked.is_repeated = True
                self.ask(asked)


class Line:
    """One connection of a channel, from its beginning to its end."""

    def __init__(
        self,
        stream: Stream,
        client: Client,
        ended: Callable[[Line, list[Asked]], None],
    ) -> None:
        self.takes_calls = True
        self.deadline = client.monotonic() + IDLE_SECONDS  # when to ``expire``
        self._stream = stream
        self._client = client
        self._ended = ended
        self._outbox = Outbox(stream)
        self._asked: dict[int, Asked] = {}
        self._number = 0
        self._number_before = 0  # at the last look
        stream.patience = NEVER  # there is a deadline for each call
        client.watch(self)

    @property
    def is_stuck(self) -> bool:
        """Whether the peer has taken nothing of what waits for a while."""
        return self._outbox.is_stuck

    def ask(self, asked: Asked) -> None:
        """Send a call on this connection."""
        self._number = number = (self._number + 1) % _NUMBERS
        asked.due = due = self._client.monotonic() + asked.seconds
        if due < self.deadline:
            self.deadline = due
        asked.heard_before = self._stream.received
        self._asked[number] = asked
        head = call_head(asked.method, asked.target, asked.transaction)
        self._outbox.put(number, head, asked.body)

    def expire(self) -> None:
        """Give up the calls whose time is up, and the connection when nothing has come
        since they were sent, or when nobody has had a call for long."""
        now = self._client.monotonic()
        heard = self._stream.received
        is_dead = not self._asked and self._number == self._number_before
        self._number_before = self._number
        for number, asked in list(self._asked.items()):
            if asked.due <= now:
                del self._asked[number]
                is_dead = is_dead or asked.heard_before == heard
                asked.promise.fail(DeadlineExceeded("a node does not answer in time"))
        self.deadline = min(
            (asked.due for asked in self._asked.values()), default=now + IDLE_SECONDS
        )
        if is_dead:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection: ``run`` returns."""
        self.takes_calls = False
        self._stream.sever()

    def run(self) -> None:
        """Take answers until the connection ends."""
        stream, assembler = self._stream, Assembler()
        in_a_row = 0  # bytes
        try:
            while data := stream.receive():
                for number, message in assembler.feed(data):
                    self._take(number, message)
                in_a_row += len(data)
                if in_a_row >= BYTES_IN_A_ROW:
                    in_a_row = 0
                    concurrency.sleep(0)
                if assembler.is_leaving:
                    self.takes_calls = False
                    if not self._asked:
                        break
        except (Malformed, Unavailable) as error:
            _log.warning("a channel ended: %s", error)
        finally:
            self._end()

    def _take(self, number: int, message: memoryview) -> None:
        asked = self._asked.pop(number, None)
        if asked is None:
            return  # nobody waits for it any more
        try:
            outcome, body = parse_answer(message)
            if outcome == VALUE:
                value = asked.decode(body)
            else:
                raise _error_of(outcome, body)
        except Malformed as error:
            asked.promise.fail(Unavailable(f"a node sent nonsense: {error}"))
        except Exception as error:  # noqa: BLE001  (handed on, not swallowed)
            asked.promise.fail(error)
        else:
            asked.promise.resolve(value)

    def _end(self) -> None:
        self.takes_calls = False
        self._stream.sever()
        self._outbox.end()
        self._client.forget(self)
        self._stream.close()
        unanswered = list(self._asked.values())
        self._asked.clear()
        self._ended(self, unanswered)


def _error_of(outcome: int, body: bytes) -> RingstackError:
    """What an answer without a value says.  Raises ``Malformed``."""
    if outcome == NODE_ERROR:
        return decode_error(body)
    return Unavailable(f"a node's server answered: {body[:200]!r}")
