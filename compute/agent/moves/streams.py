"""Streams from one host's agent to a unix socket of another host.

What libvirt and QEMU say to each other while a guest moves goes through the agents'
doors: a connection to a socket here becomes a connection to the socket of that name
there, let in by the migration's token.  So hosts need no open port besides their
agent's, and no keys of each other; where the agent's URL is https, this is encrypted.

    libvirtd, QEMU -> WayStation (unix socket) -> HTTP upgrade -> the other's door
                                                        -> libvirtd, QEMU there
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from compute.agent.disks import files
from compute.instance.client import MoveGrant
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Rejected, Unavailable
from objectstore.kernel.http.exchange import UPGRADE_KEY
from objectstore.kernel.http.patient_socket import NEVER, Faults
from objectstore.kernel.http.stream import Stream
from objectstore.kernel.http.tls import TlsSocket
from objectstore.kernel.request import Environ

PROTOCOL = "ringstack-stream"
CONNECT_SECONDS = 15.0
# What a stream may be silent for: a guest may be long in copying a disk.
IDLE_SECONDS = 3600.0
RECEIVE_BYTES = 256 * 1024
LINE_BYTES_MAX, LINES_MAX = 4096, 100  # of an answer's head
# libvirt's own connection, the memory's and the disks'.
STREAMS_MAX = 64
_SWITCHING = b"101"

_log = logging.getLogger("compute.agent.moves")
Sockets = Callable[[str, str], str]
"""The path of a guest's socket on this host: ``sockets(server_id, name)``."""
Connect = Callable[[str], socket.socket | TlsSocket]
"""A connection to the listener that a URL leads to; ``OSError``, ``Unavailable``."""


class Sender(Protocol):
    """One direction's end: takes bytes."""

    def __call__(self, data: bytes) -> object:
        """Send all of it."""


def open_stream(connect: Connect, url: str, host: str, name: str, token: str) -> Stream:
    """A connection to the socket of that name on that host.  ``Unavailable``."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/{quote(host, safe='')}/streams/{name}"
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\n"
        f"Upgrade: {PROTOCOL}\r\nX-Move-Token: {token}\r\n\r\n"
    )
    stream = None
    try:
        with concurrency.deadline(CONNECT_SECONDS):
            stream = _stream(connect(url), parts.netloc)
            stream.send(head.encode("ascii"))
            first = stream.take_line(LINE_BYTES_MAX)
            for _ in range(LINES_MAX):
                if not stream.take_line(LINE_BYTES_MAX):
                    break
    except (OSError, DeadlineExceeded, Unavailable) as error:
        if stream is not None:
            stream.close()
        raise Unavailable(f"{parts.netloc}: {error}") from error
    if first.split(b" ", 2)[1:2] != [_SWITCHING]:
        stream.close()
        line = first.decode("latin-1")
        raise Unavailable(f"{parts.netloc} opens no stream: {line}")
    return stream


def _stream(sock: socket.socket | TlsSocket, whose: str) -> Stream:
    faults = Faults(
        lambda: Unavailable(f"{whose} closed the connection"),
        lambda: DeadlineExceeded(f"{whose} does not answer"),
        lambda text: Unavailable(f"{whose} sent a bad answer: {text}"),
    )
    return Stream(sock, faults, time.monotonic, IDLE_SECONDS)


def join(
    receive: Callable[[], bytes],
    send: Sender,
    other: concurrency.GreenSocket,
    finish: Callable[[], None],
) -> None:
    """Carry bytes between a stream and a socket until both directions have ended.
    ``finish`` tells the stream's far end that nothing more comes."""

    def back() -> None:
        with contextlib.suppress(OSError, Rejected, Unavailable):
            while data := other.recv(RECEIVE_BYTES):
                send(data)
        with contextlib.suppress(OSError, Rejected, Unavailable):
            finish()

    task = concurrency.spawn(back)
    try:
        with contextlib.suppress(OSError, Rejected, Unavailable):
            while data := receive():
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError, Rejected, Unavailable):
            concurrency.wait_task(task)
    finally:
        concurrency.kill_task(task)


class WayStation:
    """A unix socket here, each connection to which is one to the other host."""

    def __init__(self, path: str, way: Callable[[], Stream]) -> None:
        self.path = path
        self._way = way
        files.make_directory(os.path.dirname(path))
        files.remove_file(path)
        self._listener = concurrency.green(socket.socket(socket.AF_UNIX))
        self._listener.bind(path)
        self._listener.listen(STREAMS_MAX)
        self._tasks = [concurrency.spawn(self._accept)]

    def close(self) -> None:
        """Nobody comes through any more."""
        for task in self._tasks:
            concurrency.kill_task(task)
        self._listener.close()
        files.remove_file(self.path)

    def _accept(self) -> None:
        while True:
            here, _ = self._listener.accept()
            self._tasks.append(concurrency.spawn(self._carry, here))

    def _carry(self, here: concurrency.GreenSocket) -> None:
        try:
            there = self._way()
        except Unavailable as error:
            _log.warning("the way to the other host: %s", error)
            here.close()
            return
        try:
            join(there.receive, there.send, here, there.end_sending)
        finally:
            there.close()
            here.close()


class StreamDoor:
    """The other end: see ``door.Streams``."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._open = 0

    def __call__(self, grant: MoveGrant, name: str, environ: Environ) -> None:
        """Join the connection to the socket of that name."""
        take_over: Callable[[Any], Any] | None = environ.get(UPGRADE_KEY)
        if take_over is None or environ.get("HTTP_UPGRADE", "") != PROTOCOL:
            raise Rejected(400, "A stream is expected here")
        if self._open >= STREAMS_MAX:
            raise Rejected(429, "Too many streams are open")
        path = self._sockets(grant.server_id, name)
        if not path:
            raise Rejected(404, "There is no such socket")
        sock = concurrency.green(socket.socket(socket.AF_UNIX))
        self._open += 1
        try:
            sock.connect(path)
            headers = [("Upgrade", PROTOCOL), ("Connection", "Upgrade")]
            stream = take_over(headers)
            stream.patience, stream.limit = IDLE_SECONDS, NEVER
            join(stream.receive, stream.send, sock, stream.end_sending)
        except OSError as error:
            raise Rejected(404, f"The socket does not answer: {error}") from None
        finally:
            self._open -= 1
            sock.close()
