"""Reaching a peer: a connected socket, plain or encrypted."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel import concurrency
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
    Raises ``OSError`` or ``Unavailable``."""
    sock = _connected(address, timeout)
    if tls is None:
        return sock
    return encrypted(sock, tls.context, tls.host, timeout)


def _connected(address: Address, timeout: float) -> socket.socket:
    if isinstance(address, Path):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        where: str | tuple[str, int] = str(address)
    else:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        where = address
    try:
        sock.setblocking(False)
        with concurrency.deadline(timeout):
            _connect_within(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


def _connect_within(sock: socket.socket, where: str | tuple[str, int]) -> None:
    code = sock.connect_ex(where)
    while code == errno.EAGAIN:  # a unix socket whose queue is full just now
        concurrency.sleep(QUEUE_RETRY_SECONDS)
        code = sock.connect_ex(where)
    if code == errno.EINPROGRESS:
        concurrency.wait_writable(sock.fileno())
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
