"""Reaching a peer: a connected socket, plain or encrypted."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.http.resolver import Endpoint, endpoints
from objectstore.kernel.http.tls import TlsSocket, encrypted

Address = tuple[str, int] | Path

# A unix socket's queue of connections is full: it says so instead of waiting.
QUEUE_RETRY_SECONDS = 0.01
# An address has so long, or its share of the time, before the next is tried beside it:
# one that swallows what it is sent must not use up the time of the others.  RFC 8305
# recommends as much.
HEAD_START_SECONDS = 0.25
# More addresses of a name are not tried.
ADDRESSES_MAX = 16


@dataclass(frozen=True, slots=True)
class TlsPeer:
    """Whose certificate a peer must show, and whom we trust to have signed it."""

    host: str
    context: Callable[[], ssl.SSLContext]


def reach(
    address: Address, timeout: float, tls: TlsPeer | None = None
) -> socket.socket | TlsSocket:
    """Connect within ``timeout`` seconds (and shake hands within as many more).

    A host may be a name: its addresses are tried in turn, each with a head start on the
    next, and the first that answers is taken.  Raises ``OSError`` or ``Unavailable``.
    """
    with concurrency.deadline(timeout):
        sock = _connected(address, timeout)
    if tls is None:
        return sock
    return encrypted(sock, tls.context(), tls.host, timeout)


def _connected(address: Address, timeout: float) -> socket.socket:
    if isinstance(address, Path):
        return _connect(Endpoint(socket.AF_UNIX, str(address)))
    found = endpoints(*address)[:ADDRESSES_MAX]
    if len(found) == 1:
        return _connect(found[0])
    head_start = min(HEAD_START_SECONDS, timeout / (len(found) + 1))
    return _Race(found, head_start).winner()


class _Race:
    """Connections to several addresses, each begun when the one before has failed or
    had its head start; the first that stands ends the others."""

    def __init__(self, found: Sequence[Endpoint], head_start: float) -> None:
        self._found = found
        self._head_start = head_start
        self._news = concurrency.Event()  # a connection stands, or has failed
        self._standing: list[socket.socket] = []
        self._failures: list[OSError] = []

    def winner(self) -> socket.socket:
        """The greenlet waits; the last ``OSError`` when none answers."""
        attempts = []
        try:
            for endpoint in self._found:
                self._news.clear()
                attempts.append(concurrency.spawn(self._attempt, endpoint))
                self._news.wait(self._head_start)
                if self._standing:
                    break
            while not self._standing and len(self._failures) < len(attempts):
                self._news.clear()
                self._news.wait()
            if self._standing:
                return self._standing.pop(0)
        finally:
            for attempt in attempts:
                concurrency.kill_task(attempt)
            for late in self._standing:
                late.close()
        none = OSError(errno.EADDRNOTAVAIL, "the name has no address")
        raise self._failures[-1] if self._failures else none

    def _attempt(self, endpoint: Endpoint) -> None:
        try:
            self._standing.append(_connect(endpoint))
        except OSError as error:
            self._failures.append(error)
        self._news.set()


def _connect(endpoint: Endpoint) -> socket.socket:
    sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        if endpoint.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        _wait_until_connected(sock, endpoint)
    except BaseException:
        sock.close()
        raise
    return sock


def _wait_until_connected(sock: socket.socket, endpoint: Endpoint) -> None:
    code = sock.connect_ex(endpoint.where)
    while code == errno.EAGAIN:  # a unix socket whose queue is full just now
        concurrency.sleep(QUEUE_RETRY_SECONDS)
        code = sock.connect_ex(endpoint.where)
    if code == errno.EINPROGRESS:
        concurrency.wait_writable(sock.fileno())
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
