"""The servers of one worker: each serves one application at its listeners."""

from __future__ import annotations

import socket

from objectstore.kernel import concurrency
from objectstore.kernel.access_log import AccessLog
from objectstore.kernel.clock import Clock
from objectstore.kernel.http.edge import AccessSink
from objectstore.kernel.http.identity_file import ServerIdentity
from objectstore.kernel.http.limits import EdgeSettings
from objectstore.kernel.http.tls_settings import TlsSettings
from objectstore.kernel.metrics import AccessSinks, RequestMetrics
from objectstore.kernel.request import Application
from objectstore.kernel.wsgi import Server


class Servers:
    """Of a worker with these settings, clock and access log."""

    def __init__(
        self,
        settings: EdgeSettings,
        clock: Clock,
        access: AccessLog | None,
        tls: TlsSettings,
    ) -> None:
        self._settings = settings
        self._tls = tls
        self._clock = clock
        self._access = access
        self._public: list[Server] = []
        self._others: list[Server] = []

    def serve(
        self,
        application: Application,
        listeners: list[socket.socket],
        metrics: RequestMetrics,
        *,
        is_public: bool = False,
    ) -> None:
        """In the background, until ``drain``.  Requests between servers are counted;
        lines in the access log are for those of clients (``is_public``)."""
        sinks: list[AccessSink] = [metrics]
        if is_public and self._access is not None:
            sinks.append(self._access)
        identity = self._identity(is_public)
        server = Server(
            application,
            listeners,
            self._settings,
            access=AccessSinks(sinks),
            clock=self._clock,
            tls=identity,
        )
        if identity is not None:
            metrics.tell_handshakes(lambda: server.failed_handshakes)
        server.start()
        (self._public if is_public else self._others).append(server)

    def _identity(self, is_public: bool) -> ServerIdentity | None:
        """What is shown to clients, and to other servers."""
        tls, monotonic = self._tls, self._clock.monotonic
        if not is_public:
            if tls.authority is None:
                return None
            return ServerIdentity(tls, monotonic, authority=tls.authority)
        return ServerIdentity(tls, monotonic) if tls.certificate else None

    def drain_public(self, seconds: float) -> None:
        """Finish the requests of clients that are under way."""
        _drain(self._public, seconds)

    def drain_others(self, seconds: float) -> None:
        """Finish the requests of other servers that are under way."""
        _drain(self._others, seconds)


def _drain(servers: list[Server], seconds: float) -> None:
    """Drain all of them at the same time."""
    draining = [concurrency.spawn(server.drain, seconds) for server in servers]
    for task in draining:
        concurrency.wait_task(task)
