"""Persistent HTTP/1.1 connections to the nodes of other processes.

    pool = ClientPool(ClientSettings())
    client = pool.client(("10.0.0.2", 6200))       # or a Path: a unix socket
    with client.request("GET", "/d1/17", [(b"X-Timestamp", b"1")]) as response:
        body = response.read()

    call = client.open("PUT", "/d1/17", headers, length=None)    # chunked
    call.write(memoryview(piece))
    response = call.finish()

``pool.client(address, tls_host="store.example.com")`` speaks TLS: the peer's
certificate must be for that name, signed by an authority that ``ca_file`` names.

Everything that goes wrong with a peer is ``Unavailable``; one that does not answer
connections is *down* for a while (``http.peer_connections``).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.kernel.http.call import Call
from objectstore.kernel.http.client_settings import ClientSettings
from objectstore.kernel.http.framing import Field
from objectstore.kernel.http.peer_connections import PeerConnections, shown
from objectstore.kernel.http.reach import Address, TlsPeer, reach
from objectstore.kernel.http.response import Response
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.sweeper import Sweeper, Watched
from objectstore.kernel.http.tls import TlsSocket, client_context

__all__ = ["Address", "Call", "Client", "ClientPool", "ClientSettings", "Response"]

# Replica timeouts are a few seconds: looking this often keeps them honest.
SWEEP_SECONDS = 0.25


class Client:
    """Calls to one peer.  Made by ``ClientPool.client``."""

    def __init__(
        self,
        address: Address,
        settings: ClientSettings,
        clock: Clock,
        sweeper: Sweeper,
        tls: TlsPeer | None = None,
    ) -> None:
        self.address = address
        self._settings = settings
        self._clock = clock
        self._sweeper = sweeper
        self._connections = PeerConnections(address, settings, clock, sweeper, tls)
        self._at_end: list[Callable[[], None]] = []
        host = "localhost" if isinstance(address, Path) else shown(address)
        self._host_line = f"Host: {host}\r\n".encode("ascii")

    def request(
        self,
        method: str,
        target: str,
        headers: Iterable[Field] = (),
        body: bytes | memoryview = b"",
        *,
        timeout: float | None = None,
        repeatable: bool = True,
    ) -> Response:
        """Send a whole request and wait for its reply's head.

        ``repeatable``: when a kept connection turns out to be closed before any
        byte of the reply, the request is sent once more on a new one (its
        first copy may have been executed).  ``timeout``: seconds until the
        reply must begin, instead of the settings'.
        """
        reused = bool(self._connections.idle) and repeatable
        call = self.open(method, target, headers, len(body), timeout=timeout)
        try:
            call.write(body)
            return call.finish()
        except DeadlineExceeded:
            raise
        except Unavailable:
            if not reused or call.replied:
                raise
        self.drop_idle()
        call = self.open(method, target, headers, len(body), timeout=timeout)
        call.write(body)
        return call.finish()

    def open(
        self,
        method: str,
        target: str,
        headers: Iterable[Field] = (),
        length: int | None = None,
        *,
        timeout: float | None = None,
    ) -> Call:
        """Begin a request whose body (``length`` bytes, or chunked when None) is
        written piece by piece."""
        head = self._render_head(method, target, headers, length)
        connections = self._connections
        return Call(
            connections.take(),
            connections.faults,
            method,
            head,
            length,
            self._settings.response_timeout if timeout is None else timeout,
            connections.give_back,
        )

    def switch(
        self, target: str, headers: Iterable[Field], protocol: str, timeout: float
    ) -> Stream | None:
        """A connection of the caller's own, after a GET of ``target`` that asked for
        ``protocol`` on it; the caller closes it.  None when the peer goes on with
        HTTP, whatever it says; ``Unavailable`` when it cannot be asked now,
        ``DeadlineExceeded`` when it does not answer within ``timeout`` seconds."""
        upgrade = [(b"Connection", b"Upgrade"), (b"Upgrade", protocol.encode("ascii"))]
        lines = (*headers, *upgrade)
        timeout = min(timeout, self._settings.response_timeout)
        reused = bool(self._connections.idle)
        try:
            answer = self.open("GET", target, lines, 0, timeout=timeout).switch()
        except DeadlineExceeded:
            raise
        except Unavailable:
            if not reused:
                raise
            self.drop_idle()
            answer = self.open("GET", target, lines, 0, timeout=timeout).switch()
        if isinstance(answer, Response):
            answer.close()
            if answer.status >= 500:
                raise Unavailable(f"{self._connections.name} answered {answer.status}")
            return None
        self._connections.part_with(answer)
        return answer

    def at_end(self, call: Callable[[], None]) -> None:
        """Call it when the client is closed: to end connections of the caller's own."""
        self._at_end.append(call)

    def close(self) -> None:
        """Close the idle connections; calls under way end by themselves."""
        self.drop_idle()
        for call in self._at_end:
            call()

    def watch(self, watched: Watched) -> None:
        """Look several times a second whether its deadline has passed."""
        self._sweeper.watch(watched)

    def forget(self, watched: Watched) -> None:
        """Watch it no more."""
        self._sweeper.forget(watched)

    def monotonic(self) -> float:
        """The time that deadlines are told in, seconds."""
        return self._clock.monotonic()

    @property
    def is_down(self) -> bool:
        """Whether calls fail at once just now."""
        return self._connections.is_down

    def drop_idle(self, since: float | None = None) -> None:
        """Close connections that have been idle since before ``since`` (all)."""
        self._connections.drop_idle(since)

    def _render_head(
        self, method: str, target: str, headers: Iterable[Field], length: int | None
    ) -> bytes:
        lines = [f"{method} {target} HTTP/1.1\r\n".encode("ascii"), self._host_line]
        for name, value in headers:
            lines.append(b"%s: %s\r\n" % (name, value))
        if length is None:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif length or method in ("PUT", "POST"):
            lines.append(b"Content-Length: %d\r\n" % length)
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
            raise ValueError("a line end inside a request's target or header")
        return head + b"\r\n"


class ClientPool:
    """The clients of one process, one for each peer."""

    def __init__(
        self, settings: ClientSettings | None = None, clock: Clock | None = None
    ) -> None:
        self._settings = settings or ClientSettings()
        self._clock = clock or SystemClock()
        self._clients: dict[tuple[Address, str, bool], Client] = {}
        self._context: ssl.SSLContext | None = None  # made when it is first needed
        self._sweeper = Sweeper(
            self._clock.monotonic, SWEEP_SECONDS, self._drop_idle_connections
        )

    def client(
        self,
        address: Address,
        *,
        tls_host: str = "",
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> Client:
        """The client for that peer; ``tls_host``: over TLS, its certificate being for
        that name; ``context``: with this, instead of the settings' authorities (the
        same for all of a pool).  ``Unavailable`` when ``ca_file`` cannot be read."""
        key = (address, tls_host, context is not None)
        client = self._clients.get(key)
        if client is None:
            tls = None
            if tls_host:
                context = context or self._trust
                context()  # now, if they cannot be read
                tls = TlsPeer(tls_host, context)
            client = Client(address, self._settings, self._clock, self._sweeper, tls)
            self._clients[key] = client
        return client

    def connect(
        self, address: Address, *, tls_host: str = ""
    ) -> socket.socket | TlsSocket:
        """A connection of the caller's own, for what is no request; not blocking.
        Raises ``OSError`` or ``Unavailable``."""
        tls = TlsPeer(tls_host, self._trust) if tls_host else None
        return reach(address, self._settings.connect_timeout, tls)

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = client_context(self._settings.ca_file)
        return self._context

    def close(self) -> None:
        """Close the idle connections and stop; calls under way end by themselves."""
        self._sweeper.stop()
        for client in self._clients.values():
            client.close()

    def _drop_idle_connections(self, now: float) -> None:
        since = now - self._settings.idle_timeout
        for client in self._clients.values():
            client.drop_idle(since)
