"""The transport between simulated machines, in the place of the connection pool.

Above it are the real ``Peer``, remote nodes and codec, below it the other machine's
real node server.  A request may come late, twice, or never; its reply too.  A
message that is lost shows as a connection that breaks, or as silence until the
caller's patience ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Protocol

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.framing import Field
from objectstore.kernel.request import Application
from test.sim.hub import Realm
from test.sim.network import Network
from test.sim.server import Incoming, Reply, answer, serve_message

# How long a caller tries to connect to a machine that is cut off.
CONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
# Of the messages that are lost; the others are followed by silence.
BREAKS_RATE = 0.7

Serve = Callable[["Life", Callable[[Reply], None]], None]


class Life:
    """One life of a machine's process, as the wire sees it."""

    def __init__(self, name: str, realm: Realm) -> None:
        self.name = name
        self.realm = realm
        self.application: Application | None = None  # None: it does not listen yet
        # Calls that it has not answered: what breaks their connections.
        self.unanswered: dict[int, Callable[[], None]] = {}


class Listener(Protocol):
    """A machine, as the wire sees it."""

    name: str

    @property
    def life(self) -> Life | None:
        """None: it is off."""


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


class SimulatedClient:
    """Calls from one life of a machine to another machine."""

    def __init__(
        self, network: Network, random: Random, caller: Life, peer: Listener
    ) -> None:
        self.network = network
        self._random = random
        self._caller = caller
        self._peer = peer

    def request(
        self,
        method: str,
        target: str,
        headers: Iterable[Field] = (),
        body: bytes = b"",
        *,
        timeout: float | None = None,
    ) -> SimulatedResponse:
        """Send a request and wait for its reply."""
        promise: Promise[Reply] = Promise()
        lines = list(headers)

        def serve(life: Life, reply: Callable[[Reply], None]) -> None:
            assert life.application is not None
            serve_message(life.application, method, target, lines, bytes(body), reply)

        for _ in range(2 if self.network.is_repeated() else 1):
            self._send(serve, promise)
        return SimulatedResponse(promise.wait(timeout or PATIENCE_SECONDS))

    def switch(
        self, target: str, headers: Iterable[Field], protocol: str, timeout: float
    ) -> None:
        """There are no channels here: what may happen to one call of many on a
        connection may happen to a request."""

    @property
    def is_down(self) -> bool:
        """Nobody here remembers who did not answer: that is for the connection pool."""
        return False

    def at_end(self, call: Callable[[], None]) -> None:
        """There is no end to tell of."""

    def monotonic(self) -> float:
        """Always before the end of time, so that nobody asks for a channel again."""
        return 0.0

    def open(
        self,
        method: str,
        target: str,
        headers: Iterable[Field] = (),
        *,
        timeout: float | None = None,
    ) -> SimulatedCall:
        """Begin a request whose body follows."""
        call = SimulatedCall(self, timeout or PATIENCE_SECONDS)
        lines = list(headers)

        def serve(life: Life, reply: Callable[[Reply], None]) -> None:
            call.life = life
            wanted = Reply(100, [], b"", True)
            incoming = call.incoming = Incoming(
                lambda: self._reply(life, call.went_ahead, wanted)
            )
            application = life.application
            assert application is not None

            def run() -> None:
                reply(answer(application, method, target, lines, incoming))

            concurrency.spawn(run)

        self._send(serve, call.replied)
        return call

    def _send(self, serve: Serve, promise: Promise[Reply]) -> None:
        caller, peer = self._caller, self._peer

        def arrive() -> None:
            life = peer.life
            if life is None or life.application is None:
                self._fail(promise, "refused")
                return
            # A connection of a life that ends may break at once, or not.
            life.unanswered[id(promise)] = lambda: self._fail(promise, "it broke")

            def reply(outcome: Reply) -> None:
                life.unanswered.pop(id(promise), None)
                self._reply(life, promise, outcome)

            self.network.tell(life.realm, 0.0, lambda: serve(life, reply))

        if not self.network.send(caller.name, peer.name, None, arrive):
            self.broken(promise)

    def _reply(self, life: Life, promise: Promise[Reply], reply: Reply) -> None:
        caller = self._caller
        if not self.network.send(
            life.name, caller.name, caller.realm, lambda: promise.resolve(reply)
        ):
            self.broken(promise)

    def _fail(self, promise: Promise[Reply], why: str) -> None:
        self.network.tell(
            self._caller.realm,
            self.network.delay(),
            lambda: promise.fail(Unavailable(f"{self._peer.name}: {why}")),
        )

    def broken(self, promise: Promise[Reply]) -> None:
        """A message did not get through: the caller sees that, or nothing at all."""
        if self._random.random() < BREAKS_RATE:
            self.network.tell(
                self._caller.realm,
                self._random.random() * CONNECT_SECONDS,
                lambda: promise.fail(Unavailable(f"{self._peer.name}: lost")),
            )

    def carry(self, life: Life, act: Callable[[], object]) -> bool:
        """Let it happen over there, on a connection to that life."""
        return self.network.send(self._caller.name, life.name, life.realm, act)


class SimulatedCall:
    """What ``RemoteUpload`` does with a call: pieces arrive in order, or not at all."""

    def __init__(self, client: SimulatedClient, patience: float) -> None:
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
            self._client.network.tell(life.realm, CONNECT_SECONDS, incoming.end)


class SimulatedPool:
    """In the place of ``ClientPool``: clients by address."""

    def __init__(
        self,
        network: Network,
        random: Random,
        caller: Life,
        machines: Mapping[Any, Listener],
    ) -> None:
        self._network = network
        self._random = random
        self._caller = caller
        self._machines = machines

    def client(self, address: Any) -> SimulatedClient:
        """A client of the machine at that address."""
        peer = self._machines[address]
        return SimulatedClient(self._network, self._random, self._caller, peer)
