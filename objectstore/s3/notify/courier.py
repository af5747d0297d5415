"""Brings messages to one target, on a thread of its own.

What speaks to a target (``Transport``) may block as long as it likes within its
timeouts: the hub goes on.  One message is under way at a time, so they arrive in
order.
"""

from __future__ import annotations

import queue
from typing import NamedTuple, Protocol

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.native import Mailbox, start_thread

# Transports give up sooner by themselves.
SEND_SECONDS_MAX = 30.0


class Transport(Protocol):
    """Speaks to a target; used on one thread only."""

    def send(self, body: bytes) -> None:
        """Hand a message over; raises whatever goes wrong.  Returns when the target
        has it for good."""

    def close(self) -> None:
        """End the connection; ``send`` makes another."""


class Carrier(Protocol):
    """What delivers messages, as the delivering step sees it."""

    def carry(self, body: bytes) -> None:
        """Return when the target has it; ``Unavailable`` when it has not."""


class _Outcome(NamedTuple):
    promise: Promise[None]
    error: Exception | None


class Courier:
    """A ``Carrier`` over a transport.  Made when first needed: a thread and a pipe."""

    def __init__(self, name: str, transport: Transport) -> None:
        self._name = name
        self._transport = transport
        self._wanted: queue.Queue[tuple[bytes, Promise[None]]] = queue.Queue()
        self._outcomes: Mailbox[_Outcome] | None = None

    def carry(self, body: bytes) -> None:
        """See ``Carrier``."""
        if self._outcomes is None:
            self._outcomes = Mailbox(_tell)
            start_thread(f"notify {self._name}", self._run)
        promise: Promise[None] = Promise()
        self._wanted.put((body, promise))
        promise.wait(SEND_SECONDS_MAX)

    def _run(self) -> None:
        assert self._outcomes is not None, "the thread starts after its mailbox"
        while True:
            body, promise = self._wanted.get()
            error: Exception | None = None
            try:
                self._transport.send(body)
            except Exception as raised:  # noqa: BLE001  (told to whoever waits)
                self._transport.close()
                # The text might hold a URL with a password in it.
                error = Unavailable(f"{self._name}: {type(raised).__name__}")
                if isinstance(raised, Unavailable):
                    error = raised
            self._outcomes.put(_Outcome(promise, error))


def _tell(outcome: _Outcome) -> None:
    if outcome.error is None:
        outcome.promise.resolve(None)
    else:
        outcome.promise.fail(outcome.error)
