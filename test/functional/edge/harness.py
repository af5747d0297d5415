"""A real edge on loopback and a raw client, for tests of the bytes between them."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.http.connection import Connection
from objectstore.kernel.http.identity_file import ServerIdentity
from objectstore.kernel.request import Application
from objectstore.kernel.wsgi import EdgeSettings, Server, listen

# Bounds every wait of a test; nothing in a passing test takes this long.
PATIENCE_SECONDS = 5.0
# Impatient enough for tests of timeouts, patient enough for a busy machine.
IMPATIENT = EdgeSettings(
    idle_timeout=0.3,
    head_timeout=0.2,
    stall_timeout=0.2,
    drain_timeout=0.2,
    drain_bytes_max=64 * 1024,
)


@dataclass
class Recorder:
    """An access sink that keeps what it is told."""

    lines: list[tuple[Any, ...]] = field(default_factory=list)
    changed: concurrency.Event = field(default_factory=concurrency.Event)

    def record(self, entry: AccessEntry) -> None:
        self.lines.append(entry[1:6])
        self.changed.set()

    def wait_for(self, count: int) -> list[tuple[Any, ...]]:
        while len(self.lines) < count:
            self.changed.clear()
            assert self.changed.wait(PATIENCE_SECONDS), "no access line came"
        return self.lines


class RawClient:
    """Sends bytes as they are and reads whatever comes."""

    def __init__(self, address: Any, family: int = socket.AF_INET) -> None:
        plain = socket.socket(family, socket.SOCK_STREAM)
        self.socket = concurrency.green(plain)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(address)

    def send(self, data: bytes) -> None:
        # The edge may have had enough of it: its answer is here then.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def end(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def read_all(self) -> bytes:
        """Everything until the edge closes."""
        pieces = []
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            pieces.append(piece)
        return b"".join(pieces)

    def read_until(self, mark: bytes) -> bytes:
        data = b""
        while mark not in data:
            piece = self.socket.recv(65536)
            assert piece, f"closed before {mark!r}: {data!r}"
            data += piece
        return data

    def close(self) -> None:
        self.socket.close()


class Edge:
    """A running server and its clients."""

    def __init__(
        self,
        application: Application,
        settings: EdgeSettings | None = None,
        tls: ServerIdentity | None = None,
    ) -> None:
        self.access = Recorder()
        listener = listen("127.0.0.1")
        self.address = listener.getsockname()
        self.server = Server(
            application,
            [listener],
            settings,
            access=self.access,
            sweep_seconds=0.05,
            tls=tls,
        )
        self.server.start()
        self._clients: list[RawClient] = []

    def connect(self) -> RawClient:
        client = RawClient(self.address)
        self._clients.append(client)
        return client

    def talk(self, data: bytes) -> bytes:
        """Send it all, end, and return all that came back."""
        client = self.connect()
        client.send(data)
        with suppress(OSError):
            client.end()
        return client.read_all()

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        assert self.server.drain(PATIENCE_SECONDS), "a connection did not end"


@contextmanager
def running(
    application: Application,
    settings: EdgeSettings | None = None,
    tls: ServerIdentity | None = None,
) -> Iterator[Edge]:
    """An edge that must leave neither connection nor descriptor behind."""
    # The hub and the native threads open their own descriptors when first used.
    concurrency.offload(bool)
    concurrency.sleep(0)
    descriptors = open_descriptors()
    # To look at what comes from now on, and not, in each of hundreds of tests, at the
    # million objects of all that the tests have imported.
    gc.freeze()
    try:
        edge = Edge(application, settings, tls)
        try:
            yield edge
        finally:
            edge.stop()
            concurrency.sleep(0)
            del edge
        gc.collect()
        ended = [each for each in gc.get_objects() if type(each) is Connection]
    finally:
        gc.unfreeze()
    # Logged tracebacks may hold on to some, but all must have been closed.
    assert all(each.stream.descriptor == -1 for each in ended)
    assert open_descriptors() <= descriptors, "descriptors are still open"


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def statuses(data: bytes) -> list[int]:
    """The statuses of all replies in ``data`` (bodies must not look like heads)."""
    return [
        int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()
    ]
