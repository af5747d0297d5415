"""The HTTP edge: a WSGI (PEP 3333) server on green sockets.

    server = Server(application, [listen("127.0.0.1", 8080)])
    server.serve()          # until drain() or close() from another greenlet

One greenlet accepts for each listening socket, one serves each connection, one
sweeps stale connections away.  The parts are in ``kernel.http``.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Sequence
from random import SystemRandom
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.application import directly
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import DeadlineExceeded
from objectstore.kernel.http.connection import Connection
from objectstore.kernel.http.edge import AccessSink, Edge
from objectstore.kernel.http.failed_handshakes import FailedHandshakes
from objectstore.kernel.http.identity_file import ServerIdentity
from objectstore.kernel.http.limits import (
    ACCEPT_RETRY_SECONDS,
    ACCEPTED_IN_A_ROW,
    SWEEP_SECONDS,
    EdgeSettings,
)
from objectstore.kernel.http.listen import is_listening, listen
from objectstore.kernel.http.sweeper import Sweeper
from objectstore.kernel.http.tls import TlsSocket, accepted
from objectstore.kernel.request import Application, Context
from objectstore.kernel.transaction import TransactionIds

__all__ = ["EdgeSettings", "Server", "is_listening", "listen"]

BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
    b"Retry-After: 1\r\nConnection: close\r\n\r\n"
)
DRAIN_SECONDS = 30.0
# A busy client sends its next request well within this.
IDLE_SECONDS = 1.0
# Out of descriptors or memory: they come back when others close.
TEMPORARY_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Server:
    """Serves one application on some listening sockets."""

    def __init__(
        self,
        application: Application,
        listeners: Sequence[socket.socket],
        settings: EdgeSettings | None = None,
        *,
        access: AccessSink | None = None,
        clock: Clock | None = None,
        make_context: Callable[[], Context] | None = None,
        logger: logging.Logger | None = None,
        sweep_seconds: float = SWEEP_SECONDS,
        tls: ServerIdentity | None = None,
    ) -> None:
        """``tls``: what comes over TCP must be encrypted."""
        clock = clock or SystemClock()
        if make_context is None:
            make_context = TransactionIds(clock, SystemRandom()).new_context
        self._edge = Edge(
            directly(application),
            settings or EdgeSettings(),
            clock,
            make_context,
            access,
            logger or logging.getLogger("objectstore.edge"),
        )
        self._listeners = list(listeners)
        self._tls = tls
        self._shaking_hands: set[concurrency.Task] = set()
        self._failed = FailedHandshakes(self._edge.logger)
        self._connections: set[Connection] = set()
        self._sweeper = Sweeper(clock.monotonic, sweep_seconds)
        self._acceptors: list[concurrency.Task] = []
        self._ended = concurrency.Event()  # nothing is accepted any more
        self._changed = concurrency.Event()  # a connection has ended

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    @property
    def failed_handshakes(self) -> int:
        """How many callers TLS was not agreed upon with."""
        return self._failed.count

    def start(self) -> None:
        """Accept in the background."""
        for listener in self._listeners:
            listener.setblocking(False)
            self._acceptors.append(concurrency.spawn(self._accept, listener))

    def serve(self) -> None:
        """Accept until ``drain`` or ``close``."""
        self.start()
        self._ended.wait()

    def drain(
        self, timeout: float = DRAIN_SECONDS, idle_seconds: float = IDLE_SECONDS
    ) -> bool:
        """Accept no more, let requests finish, then close; whether all did
        within ``timeout`` seconds.

        Replies say that the connection ends from now on.  One that has no request
        under way is ended after ``idle_seconds``: at once would break those
        whose next request is on its way.
        """
        self._edge.draining = True
        self._take_waiting()
        self._stop_accepting()
        now = self._edge.clock.monotonic()
        self._wait_for_none(now + min(idle_seconds, timeout))
        for connection in list(self._connections):
            if connection.idle and not connection.stream.has_arrivals():
                connection.stream.sever()
        finished = self._wait_for_none(now + timeout)
        self.close()
        return finished

    def _wait_for_none(self, until: float) -> bool:
        """Wait until no connection is left; whether so before ``until``."""
        while self._connections or self._shaking_hands:
            left = until - self._edge.clock.monotonic()
            self._changed.clear()
            if left <= 0 or not self._changed.wait(left):
                break
        return not self._connections and not self._shaking_hands

    def close(self) -> None:
        """End everything at once."""
        self._stop_accepting()
        for task in list(self._shaking_hands):
            concurrency.kill_task(task)
        for connection in list(self._connections):
            connection.stream.sever()
        self._failed.close()
        self._sweeper.stop()

    def _take_waiting(self) -> None:
        """Accept what queues already: closing the listener would reset it."""
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                while True:
                    self._take(*listener.accept())

    def _stop_accepting(self) -> None:
        acceptors, self._acceptors = self._acceptors, []
        for task in acceptors:
            concurrency.kill_task(task)
        for listener in self._listeners:
            listener.close()
        self._listeners = []
        self._ended.set()

    def _accept(self, listener: socket.socket) -> None:
        in_a_row = 0
        while True:
            try:
                sock, remote = listener.accept()
            except BlockingIOError:
                in_a_row = 0
                concurrency.wait_readable(listener.fileno())
                continue
            except OSError as error:
                if error.errno in TEMPORARY_ERRORS:
                    self._edge.logger.warning("cannot accept: %s", error)
                    concurrency.sleep(ACCEPT_RETRY_SECONDS)
                # Otherwise the client was gone before it was accepted.
                continue
            self._take(sock, remote)
            in_a_row += 1
            if in_a_row % ACCEPTED_IN_A_ROW == 0:
                concurrency.sleep(0)

    def _take(self, sock: socket.socket, remote: Any) -> None:
        is_encrypted = self._tls is not None and sock.family != socket.AF_UNIX
        under_way = len(self._connections) + len(self._shaking_hands)
        if under_way >= self._edge.settings.connections_max:
            sock.setblocking(False)
            try:
                # Whoever speaks TLS would take it for garbage.
                if not is_encrypted:
                    sock.send(BUSY)
            except OSError:
                pass  # it did not wait for the answer
            finally:
                sock.close()
            return
        try:
            local = sock.getsockname()
        except OSError:
            sock.close()  # reset already
            return
        if is_encrypted:
            self._shaking_hands.add(
                concurrency.spawn(self._shake_hands, sock, local, remote)
            )
        else:
            self._begin(sock, local, remote)

    def _shake_hands(self, sock: socket.socket, local: Any, remote: Any) -> None:
        assert self._tls is not None
        seconds = self._edge.settings.head_timeout
        try:
            secure = accepted(sock, self._tls.context(), seconds)
            self._begin(secure, local, remote)
        except (OSError, DeadlineExceeded) as error:
            self._failed.note(remote[0], error)
        finally:
            self._shaking_hands.discard(concurrency.current_task())
            self._changed.set()

    def _begin(self, sock: socket.socket | TlsSocket, local: Any, remote: Any) -> None:
        try:
            connection = Connection(self._edge, sock, local, remote)
        except OSError:
            sock.close()  # reset already
            return
        self._connections.add(connection)
        self._sweeper.watch(connection.stream)
        concurrency.spawn(self._run, connection)

    def _run(self, connection: Connection) -> None:
        try:
            connection.run()
        except Exception:
            self._edge.logger.exception("a connection failed")
        finally:
            self._sweeper.forget(connection.stream)
            self._connections.discard(connection)
            self._changed.set()
