"""One request on the wire, as ``Peer`` and ``RemoteUpload`` see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from test.sim.connections import SEEN_SECONDS
from test.sim.life import Life
from test.sim.network import Network
from test.sim.server import Incoming, Reply


class Carrier(Protocol):
    """Brings pieces to the other side."""

    network: Network

    def carry(self, life: Life, act: Callable[[], object]) -> bool:
        """Let it happen over there; False: it is lost."""

    def broken(self, promise: Promise[Reply]) -> None:
        """A message did not get through: the caller sees that, or nothing at all."""


class SimulatedResponse:
    """What ``Peer`` reads of a reply."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.fields = reply.fields
        self.length: int | None = int(self.header(b"content-length", b"0"))
        self._body = reply.body
        self._at = 0

    def header(self, name: bytes, default: bytes = b"") -> bytes:
        """The first header of that name."""
        found = (value for field, value in self.fields if field.lower() == name)
        return next(found, default)

    def read(self, size: int) -> bytes:
        """``size`` bytes; ``Unavailable`` when the body was cut before."""
        data = self._body[self._at : self._at + size]
        self._at += len(data)
        if len(data) < size and self._at < (self.length or 0):
            raise Unavailable("the connection broke")
        return data

    def read1(self, size: int) -> bytes:
        """Some of it."""
        return self.read(min(size, (self.length or 0) - self._at))

    def close(self) -> None:
        """Done with it."""


class SimulatedCall:
    """What ``RemoteUpload`` does with a call: pieces arrive in order, or not at all."""

    def __init__(self, client: Carrier, patience: float) -> None:
        self.life: Life | None = None
        self.incoming: Incoming | None = None
        self.went_ahead: Promise[Reply] = Promise()
        self.replied: Promise[Reply] = Promise()
        self._client = client
        self._patience = patience
        self._under_way: list[bytes | None] = []  # None: the end
        self._is_over = False
        self._is_broken = False

    @property
    def refused(self) -> bool:
        """Whether the peer has answered already."""
        return self.replied.done

    def go_ahead(self) -> SimulatedResponse | None:
        """None: it wants the body; or its answer."""
        both = [self.went_ahead, self.replied]
        concurrency.wait_until(
            both, lambda: any(each.done for each in both), self._patience
        )
        if self.went_ahead.done and self.went_ahead.error is None:
            return None
        return SimulatedResponse(self.replied.wait(0.0))

    def write(self, piece: bytes | memoryview) -> None:
        """Send a piece."""
        if not self._is_broken:
            self._carry(bytes(piece))

    def finish(self) -> SimulatedResponse:
        """The end of the body; wait for the reply."""
        self.abort()
        return SimulatedResponse(self.replied.wait(self._patience))

    def abort(self) -> None:
        """No more comes: whole or not, the other side finds out by what it has."""
        if not (self._is_over or self._is_broken):
            self._is_over = True
            self._carry(None)

    def _carry(self, piece: bytes | None) -> None:
        life, incoming = self.life, self.incoming
        if life is None or incoming is None:
            return  # it has never begun
        self._under_way.append(piece)

        def arrive() -> None:
            # Whatever message arrives first brings the oldest piece.
            oldest = self._under_way.pop(0) if self._under_way else None
            if oldest is None:
                incoming.end()
            else:
                incoming.feed(oldest)

        if not self._client.carry(life, arrive):
            # The connection is gone, with all that was under way on it.
            self._is_broken = True
            self._under_way.clear()
            self._client.broken(self.replied)
            self._client.network.tell(life.realm, SEEN_SECONDS, incoming.end)
