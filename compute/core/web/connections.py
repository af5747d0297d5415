"""Connections to servers of the web that can be cut from outside.

A server that sends a byte now and then keeps urllib3 waiting as long as it likes, on a
native thread that others need.  So connections are remembered, and whoever has waited
enough cuts them: the thread's call then ends.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from compute.core.web.url_rules import WebTarget
from objectstore.kernel import concurrency

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0  # that a server may be silent

Resolve = Callable[[str, int], list[str]]


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Connections:
    """A pool to one address, and what was opened by it."""

    def __init__(self, target: WebTarget, address: str) -> None:
        opened: list[Any] = []
        sockets: list[Any] = []
        self._opened = opened
        # A connection lets its socket go to a reply that is the last.
        self._sockets = sockets
        self.is_cut = False

        class Plain(HTTPConnection):
            def connect(self) -> None:
                opened.append(self)
                super().connect()
                sockets.append(self.sock)

        class Sealed(HTTPSConnection):
            def connect(self) -> None:
                opened.append(self)
                super().connect()
                sockets.append(self.sock)

        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        pool: Any
        if target.scheme == "http":
            pool = urllib3.HTTPConnectionPool(address, target.port, timeout=timeout)
            pool.ConnectionCls = Plain
        else:
            # The address is connected to, the name is what the certificate is for.
            pool = urllib3.HTTPSConnectionPool(
                address,
                target.port,
                timeout=timeout,
                server_hostname=target.host,
                assert_hostname=target.host,
            )
            pool.ConnectionCls = Sealed
        self.pool = pool

    def close(self) -> None:
        """No more of them."""
        self.pool.close()

    def cut(self) -> None:
        """End whatever waits for them, with an error or with what looks like the end
        of what was said."""
        self.is_cut = True
        connecting = [connection.sock for connection in self._opened]
        for sock in (*connecting, *self._sockets):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Cut them unless the block ends in time."""
        task = concurrency.spawn_later(seconds, self.cut)
        try:
            yield
        finally:
            concurrency.kill_task(task)
