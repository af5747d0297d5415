"""A node server on a loopback port, in this process."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from objectstore.app.front import NodeFront
from objectstore.kernel.client import Client, ClientPool, ClientSettings
from objectstore.kernel.wsgi import Server, listen
from objectstore.wire.channel.format import PATH
from objectstore.wire.channel.serving import ChannelServer
from objectstore.wire.serving import NodeServer

SECRET = "the secret of a test's cluster"


def serve(application: Any, stack: ExitStack) -> tuple[str, int]:
    """Serve until the stack is closed; the address."""
    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()[:2]
    server = Server(application, [listener])
    server.start()
    stack.callback(server.close)
    return address[0], address[1]


def with_channels(kind: str, server: NodeServer) -> NodeFront:
    """A node server that takes calls on channels too, as every process has it."""
    channels = ChannelServer({kind: server}, SECRET, time.monotonic)
    return NodeFront({kind: server}, {PATH: channels})


def client_of(
    address: tuple[str, int], stack: ExitStack, settings: ClientSettings | None = None
) -> Client:
    """A client of that server, with a pool of its own."""
    pool = ClientPool(settings)
    stack.callback(pool.close)
    return pool.client(address)
