"""Remote nodes, by requests and by channels, and strangers in their peer's place."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.client import ClientSettings
from objectstore.object.server import object_server
from objectstore.wire.peer import Peer
from objectstore.wire.remote_object import RemoteObjectNode
from test.contract.nodes.samples import KEY, data, tombstone
from test.fakes.nodes import Faults, Faulty, MemoryObjectNode
from test.fakes.servers import SECRET, client_of, serve, with_channels

# A peer that says nothing is given up after this long, and the sweeper looks
# four times a second.
IMPATIENT = ClientSettings(
    connect_timeout=0.3, response_timeout=0.1, stall_timeout=0.3, probe_seconds=0.1
)
RESPONSE_SECONDS = 0.1


class Wiring(ExitStack):
    """What a test builds; whether its servers know channels."""

    def __init__(self, *, has_channels: bool) -> None:
        super().__init__()
        self.has_channels = has_channels

    def serve(self, node: Any) -> tuple[str, int]:
        """A server of that node, until the end; its address."""
        server = object_server({(0, "sda"): node}, SECRET)
        front = with_channels("object", server) if self.has_channels else server
        return serve(front, self)


class Stranger:
    """Accepts connections; ``answer(sock)`` plays each of them."""

    def __init__(self, answer: Callable[[Any], None], stack: Wiring) -> None:
        self._answer = answer
        self._listener = concurrency.green(
            socket.create_server(("127.0.0.1", 0), backlog=10)
        )
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.connections = 0
        task = concurrency.spawn(self._accept)
        stack.callback(self._listener.close)
        stack.callback(concurrency.kill_task, task)

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            self.connections += 1
            concurrency.spawn(self._play, sock)

    def _play(self, sock: Any) -> None:
        try:
            self._answer(sock)
        except OSError:
            pass  # the test's side has closed
        finally:
            sock.close()

    def node(self, stack: Wiring) -> RemoteObjectNode:
        return RemoteObjectNode(self.peer(stack), 0, "sda")

    def peer(self, stack: Wiring) -> Peer:
        client = client_of(self.address, stack, IMPATIENT)
        return Peer(client, SECRET, response_seconds=RESPONSE_SECONDS)


def saying(reply: bytes) -> Callable[[Any], None]:
    """Reads a request's head (and what came with it), replies, closes."""

    def answer(sock: Any) -> None:
        if sock.recv(65536):
            sock.sendall(reply)

    return answer


def silent(sock: Any) -> None:
    while sock.recv(65536):
        pass


def reply_of(body: bytes, status: str = "200 OK", kind: str = "x/y") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def calls(node: RemoteObjectNode) -> dict[str, Callable[[], Any]]:
    """Every call that promises something."""
    return {
        "lookup": lambda: node.lookup(KEY, want_body=True),
        "state": lambda: node.lookup(KEY, want_body=False),
        "read": lambda: node.read(KEY, 5, 0, 4321),
        "put": lambda: node.put(KEY, data(5), b"body"),
        "begin": lambda: node.begin(KEY, None),
        "post": lambda: node.post(KEY, data(5)),
        "delete": lambda: node.delete(KEY, tombstone(5)),
        "reserve": lambda: node.reserve(KEY, "token", 0.05),
        "digests": lambda: node.digests([1], 8),
        "states": lambda: node.states(1, 8, b"", 10),
        "merge": lambda: node.merge(KEY, data(5), b"body"),
        "forget": lambda: node.forget(KEY, 5),
    }


def served(
    stack: Wiring,
    settings: ClientSettings = IMPATIENT,
    response_seconds: float = RESPONSE_SECONDS,
) -> tuple[RemoteObjectNode, Faults, MemoryObjectNode]:
    """A remote node, the faults behind it, the memory behind those."""
    faults, memory = Faults(), MemoryObjectNode()
    client = client_of(stack.serve(Faulty(memory, faults)), stack, settings)
    peer = Peer(client, SECRET, response_seconds=response_seconds)
    return RemoteObjectNode(peer, 0, "sda"), faults, memory
