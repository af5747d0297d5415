"""Reaching a peer: a connected socket, plain or encrypted."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.http.resolver import Endpoint, endpoints
from objectstore.kernel.http.tls import TlsSocket, encrypted

Address = tuple[str, int] | Path

# A unix socket's queue of connections is full: it says so instead of waiting.
QUEUE_RETRY_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class TlsPeer:
    """Whose certificate a peer must show, and whom we trust to have signed it."""

    host: str
    context: ssl.SSLContext


def reach(
    address: Address, timeout: float, tls: TlsPeer | None = None
) -> socket.socket | TlsSocket:
    """Connect within ``timeout`` seconds (and shake hands within as many more).

    A host may be a name: its addresses are tried in turn.  Raises ``OSError`` or
    ``Unavailable``.
    """
    with concurrency.deadline(timeout):
        sock = _connected(address)
    if tls is None:
        return sock
    return encrypted(sock, tls.context, tls.host, timeout)


def _connected(address: Address) -> socket.socket:
    if isinstance(address, Path):
        return _connect(Endpoint(socket.AF_UNIX, str(address)))
    failure: OSError | None = None
    for endpoint in endpoints(*address):
        try:
            return _connect(endpoint)
        except OSError as error:
            failure = error
    raise failure or OSError(errno.EADDRNOTAVAIL, "the name has no address")


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
