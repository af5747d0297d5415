"""Connections between simulated machines that stay, as channels need them.

Bytes come in order, late, and in pieces as they were sent.  Where a message is lost the
connection is cut: a part of it may have arrived, and each side sees the end, or nothing
for ever (it is half open).
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable
from random import Random

from objectstore.kernel import concurrency
from test.sim.life import Life
from test.sim.network import Network

# How long it may take until a side sees that something was lost ...
SEEN_SECONDS = 1.0
# ... if it does: otherwise silence follows.
SEEN_RATE = 0.7


class SimulatedSocket:
    """What a channel asks of its stream's socket."""

    family = socket.AF_UNIX  # the kind that has no options of its own

    def __init__(self, stream: SimulatedStream) -> None:
        self._stream = stream

    def setsockopt(self, *option: int) -> None:
        """Nothing can be chosen here."""

    def sendmsg(self, parts: Iterable[bytes | memoryview]) -> int:
        """All of it at once: there is always room."""
        return self._stream.send(b"".join(parts))


class SimulatedStream:
    """One side's end, in the place of ``kernel.http.stream.Stream``."""

    descriptor = -1

    def __init__(self, connection: Connection, life: Life) -> None:
        self.life = life
        self.socket = SimulatedSocket(self)
        self.patience = 0.0
        self.sent = self.received = 0
        self.is_over = False  # nothing more comes
        self._connection = connection
        self._ahead = bytearray()
        self._came = concurrency.Event()
        self._is_severed = False

    def receive(self) -> bytes:
        """What has come; ``b""`` at the end."""
        while not (self._ahead or self.is_over):
            self._came.clear()
            self._came.wait()
        data = bytes(self._ahead)
        self._ahead.clear()
        self.received += len(data)
        return data

    def send(self, data: bytes) -> int:
        """On its way."""
        if self._is_severed:
            raise BrokenPipeError
        self._connection.carry(self, data)
        return len(data)

    def feed(self, data: bytes | None) -> None:
        """It has come; None: the end has."""
        if data is None:
            self.is_over = True
        else:
            self._ahead += data
        self._came.set()

    def end_sending(self) -> None:
        """The other side is to see the end."""
        if not self._is_severed:
            self._connection.carry(self, None)

    def sever(self) -> None:
        """The end of both directions."""
        self.end_sending()
        self._is_severed = True
        self.feed(None)
        self._connection.forget()

    close = sever


class Connection:
    """Between the lives of two machines, until one of them ends it."""

    def __init__(
        self, network: Network, random: Random, caller: Life, answerer: Life
    ) -> None:
        self.near = SimulatedStream(self, caller)
        self.far = SimulatedStream(self, answerer)
        self._network = network
        self._random = random
        self._is_cut = False
        self._under_way: dict[SimulatedStream, deque[bytes | None]] = {
            self.near: deque(),
            self.far: deque(),
        }
        for life in (caller, answerer):
            life.connections[id(self)] = self

    def carry(self, source: SimulatedStream, data: bytes | None) -> None:
        """Bring it to the other side."""
        if self._is_cut:
            return
        target = self._other(source)
        under_way = self._under_way[target]

        def arrive() -> None:
            # Whatever arrives first brings the oldest.
            if under_way:
                target.feed(under_way.popleft())

        life = target.life
        is_there = life.realm.is_alive and self._network.send(
            source.life.name, life.name, life.realm, arrive
        )
        if is_there:
            under_way.append(data)
        else:
            under_way.append(data)
            self.cut()

    def cut(self) -> None:
        """What is under way may be lost, what follows is."""
        self._is_cut = True
        for end, under_way in self._under_way.items():
            if self._random.random() < SEEN_RATE:
                left = b"".join(filter(None, under_way))
                self._tell(end, left[: self._random.randrange(len(left) + 1)])
            under_way.clear()
        self.forget()

    def break_off(self, life: Life) -> None:
        """A process that has gone takes its ends along: the other side is told."""
        end = self.far if life is self.near.life else self.near
        self._is_cut = True
        self._under_way[end].clear()
        self._tell(end, b"")
        self.forget()

    def is_answered_by(self, life: Life) -> bool:
        """Whether the other side called it."""
        return self.far.life is life

    def forget(self) -> None:
        """Nobody has to end it any more."""
        for end in (self.near, self.far):
            end.life.connections.pop(id(self), None)

    def _tell(self, end: SimulatedStream, left: bytes) -> None:
        def see() -> None:
            end.feed(left)
            end.feed(None)

        seconds = self._random.random() * SEEN_SECONDS
        self._network.tell(end.life.realm, seconds, see)

    def _other(self, end: SimulatedStream) -> SimulatedStream:
        return self.far if end is self.near else self.near
