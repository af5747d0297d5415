"""The connections to one peer: kept for the next call, made when none is left.

A peer that does not answer connections is remembered as *down* for a while: calls
fail at once, but one in every ``probe_seconds`` tries whether it is back.  One that
refuses them is asked again by every call: its refusal costs nothing, and a node that
has just come back must be heard, or reads would miss what only it and others know.
"""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.http.client_settings import ClientSettings
from objectstore.kernel.http.patient_socket import Faults
from objectstore.kernel.http.reach import Address, TlsPeer, reach
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.sweeper import Sweeper

_log = logging.getLogger("objectstore.client")


def shown(address: Address) -> str:
    """An address as people and ``Host`` write it."""
    if isinstance(address, Path):
        return str(address)
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class PeerConnections:
    """See the module.

    ``faults`` is what the peer's failings are called; ``idle`` are the connections that
    nobody uses: (since when, which), the latest last.
    """

    def __init__(
        self,
        address: Address,
        settings: ClientSettings,
        clock: Clock,
        sweeper: Sweeper,
        tls: TlsPeer | None,
    ) -> None:
        name = shown(address) if tls is None else f"https://{shown(address)}"
        self.name = name
        self.faults = Faults(
            lambda: Unavailable(f"{name} closed the connection"),
            lambda: DeadlineExceeded(f"{name} does not answer"),
            lambda text: Unavailable(f"{name} sent a bad reply: {text}"),
        )
        self.idle: deque[tuple[float, Stream]] = deque()
        self._address = address
        self._tls = tls
        self._settings = settings
        self._clock = clock
        self._sweeper = sweeper
        self._places = concurrency.Semaphore(settings.connections_max)
        self._down_until = 0.0
        self._is_reachable = True  # as far as the log has told

    @property
    def is_down(self) -> bool:
        """Whether the peer has not answered lately."""
        return self._clock.monotonic() < self._down_until

    def take(self) -> Stream:
        """A connection for one call, to be given back.  Waits for one when all are in
        use; raises ``Unavailable``."""
        settings = self._settings
        if not self._places.acquire(timeout=settings.connect_timeout):
            raise Unavailable(f"{self.name}: all connections are in use")
        try:
            while self.idle:
                stream = self.idle.pop()[1]
                # Idle, it must be silent: what is here is its end, or garbage.
                if not stream.has_data():
                    return stream
                self._discard(stream)
            return self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, stream: Stream, reusable: bool) -> None:
        """The call has ended; keep it for the next if it can serve one."""
        if reusable and not stream.broken and not stream.overdue:
            self.idle.append((self._clock.monotonic(), stream))
        else:
            self._discard(stream)
        self._places.release()

    def part_with(self, stream: Stream) -> None:
        """It is no longer for calls: whoever took it closes it."""
        self._sweeper.forget(stream)
        self._places.release()

    def drop_idle(self, since: float | None) -> None:
        """Close those that have been idle since before ``since``; None: all."""
        while self.idle and (since is None or self.idle[0][0] < since):
            self._discard(self.idle.popleft()[1])

    def _discard(self, stream: Stream) -> None:
        self._sweeper.forget(stream)
        stream.close()

    def _connect(self) -> Stream:
        now = self._clock.monotonic()
        if now < self._down_until:
            raise Unavailable(f"{self.name} is down")
        if self._down_until:
            # Ours is the probe; the others go on failing at once meanwhile.
            self._down_until = now + self._settings.probe_seconds
        try:
            sock = reach(self._address, self._settings.connect_timeout, self._tls)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            raise self._unreachable(error) from None
        except (OSError, Unavailable) as error:
            self._down_until = self._clock.monotonic() + self._settings.probe_seconds
            raise self._unreachable(error) from None
        self._down_until = 0.0
        if not self._is_reachable:
            self._is_reachable = True
            _log.warning("%s can be reached again", self.name)
        stream = Stream(
            sock, self.faults, self._clock.monotonic, self._settings.stall_timeout
        )
        self._sweeper.watch(stream)
        return stream

    def _unreachable(self, error: Exception) -> Unavailable:
        """What to raise; said in the log once for each absence."""
        if self._is_reachable:
            self._is_reachable = False
            _log.warning("%s cannot be reached: %s", self.name, error)
        return Unavailable(f"cannot connect to {self.name}: {error}")
