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
from objectstore.kernel.client import SWEEP_SECONDS
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.framing import Field
from objectstore.kernel.http.sweeper import Sweeper, Watched
from test.sim.calls import SimulatedCall, SimulatedResponse
from test.sim.connections import (
    SEEN_RATE,
    SEEN_SECONDS,
    Connection,
    SimulatedStream,
)
from test.sim.life import Life
from test.sim.network import Network
from test.sim.server import Incoming, Reply, answer, serve_message, switch

PATIENCE_SECONDS = 10.0

Serve = Callable[[Life, Callable[[Reply], None]], None]


class Listener(Protocol):
    """A machine, as the wire sees it."""

    name: str

    @property
    def life(self) -> Life | None:
        """None: it is off."""


class SimulatedClient:
    """Calls from one life of a machine to another machine."""

    def __init__(
        self,
        network: Network,
        random: Random,
        caller: Life,
        peer: Listener,
        sweeper: Sweeper,
        monotonic: Callable[[], float],
    ) -> None:
        self.monotonic = monotonic
        self._sweeper = sweeper
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
    ) -> SimulatedStream | None:
        """A connection that stays; None when the peer knows none of the kind."""
        promise: Promise[Reply] = Promise()
        made: list[Connection] = []
        lines = [*headers, (b"Upgrade", protocol.encode())]

        def serve(life: Life, reply: Callable[[Reply], None]) -> None:
            def take_over(fields: Any) -> SimulatedStream:
                reply(Reply(101, [], b"", True))
                made.append(Connection(self.network, self._random, self._caller, life))
                return made[0].far

            assert life.application is not None
            switch(life.application, target, lines, take_over, reply)

        def end() -> None:
            for connection in made:
                connection.near.sever()

        self._send(serve, promise)
        try:
            answered = promise.wait(timeout)
        except Unavailable:
            # Whoever gives up closes it; the peer may have answered all the same.
            promise.when_done(lambda _: end())
            raise
        return made[0].near if answered.status == 101 else None

    @property
    def is_down(self) -> bool:
        """Nobody here remembers who did not answer: that is for the connection pool."""
        return False

    def at_end(self, call: Callable[[], None]) -> None:
        """There is no end to tell of."""

    def watch(self, watched: Watched) -> None:
        """Look several times a second whether its deadline has passed."""
        self._sweeper.watch(watched)

    def forget(self, watched: Watched) -> None:
        """No longer."""
        self._sweeper.forget(watched)

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
        if self._random.random() < SEEN_RATE:
            self.network.tell(
                self._caller.realm,
                self._random.random() * SEEN_SECONDS,
                lambda: promise.fail(Unavailable(f"{self._peer.name}: lost")),
            )

    def carry(self, life: Life, act: Callable[[], object]) -> bool:
        """Let it happen over there, on a connection to that life."""
        return self.network.send(self._caller.name, life.name, life.realm, act)


class SimulatedPool:
    """In the place of ``ClientPool``: clients by address."""

    def __init__(
        self,
        network: Network,
        random: Random,
        caller: Life,
        machines: Mapping[Any, Listener],
        monotonic: Callable[[], float],
    ) -> None:
        self._monotonic = monotonic
        self._sweeper = Sweeper(monotonic, SWEEP_SECONDS)
        self._network = network
        self._random = random
        self._caller = caller
        self._machines = machines

    def client(self, address: Any) -> SimulatedClient:
        """A client of the machine at that address."""
        peer = self._machines[address]
        return SimulatedClient(
            self._network,
            self._random,
            self._caller,
            peer,
            self._sweeper,
            self._monotonic,
        )
