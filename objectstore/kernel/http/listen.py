"""Listening sockets: TCP (4 and 6) and unix."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from objectstore.kernel.http.limits import LISTEN_BACKLOG


def listen(
    host: str | Path,
    port: int = 0,
    *,
    reuse_port: bool = False,
    backlog: int = LISTEN_BACKLOG,
) -> socket.socket:
    """A listening socket on ``host`` (address or name) and ``port``, or on the
    unix socket that a ``Path`` names.

    Port 0 takes a free one (``sock.getsockname()`` tells).  ``reuse_port`` lets
    several processes share the port.  Raises ``OSError``.
    """
    if isinstance(host, Path):
        return _listen_unix(host, backlog)
    try:
        return _listen_tcp(host, port, backlog, reuse_port=reuse_port)
    except OSError as error:
        text = f"{error.strerror or error}: {host}:{port}"
        raise OSError(error.errno, text) from None


def _listen_tcp(
    host: str, port: int, backlog: int, *, reuse_port: bool
) -> socket.socket:
    found = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Connections inherit it: small replies must not wait for a delayed ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(address)
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise
    return sock


def _listen_unix(path: Path, backlog: int) -> socket.socket:
    # A socket file that a killed process left behind would be in the way.
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise
    return sock


def is_listening(path: Path) -> bool:
    """Whether somebody listens on the unix socket.  Never waits."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            sock.connect(str(path))
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
        return True
