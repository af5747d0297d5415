"""A server with channels over a real socket, and a channel to it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.client import Client, ClientSettings
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.transaction import (
    current_transaction,
)
from objectstore.wire.channel.calling import Asked, Channel
from objectstore.wire.channel.serving import ChannelServer
from objectstore.wire.serving import SECRET_HEADER
from test.fakes.servers import SECRET, client_of, serve

SECRET_FIELD = (SECRET_HEADER.encode(), SECRET.encode())
SETTINGS = ClientSettings(
    connect_timeout=0.5, response_timeout=0.5, stall_timeout=0.5, probe_seconds=0.1
)
SOON = 5.0


class Echo:
    """Answers a call with its body; ``hold`` keeps calls of a verb waiting."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.held: list[Promise[bytes]] = []

    def answer(self, method: str, parts: list[str], body: bytes) -> Promise[bytes]:
        verb = parts[-1]
        self.calls.append((method, verb))
        if verb == "hold":
            promise: Promise[bytes] = Promise()
            self.held.append(promise)
            return promise
        if verb == "large":
            return Promise.of(bytes(int(body)))
        if verb == "bug":
            return Promise.failed(ZeroDivisionError("a bug"))
        if verb == "away":
            return Promise.failed(Unavailable("the device is away"))
        if verb == "transaction":
            return Promise.of(current_transaction().encode())
        return Promise.of(body)

    def release(self) -> None:
        held, self.held = self.held, []
        for promise in held:
            promise.resolve(b"released")


class House:
    """A server with channels, a channel to it, and how often it was connected."""

    def __init__(self, stack: ExitStack) -> None:
        self.echo = Echo()
        self.connections = 0
        self.by_request: list[Asked] = []
        self.stack = stack
        self.server = ChannelServer({"echo": self.echo}, SECRET, lambda: 0.0)
        self.address = serve(self, stack)
        self.client = client_of(self.address, stack, SETTINGS)
        self.channel = self.new_channel(self.client)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.connections += 1
        return self.server(environ, start_response)

    def new_channel(self, client: Client) -> Channel:
        return Channel(client, [SECRET_FIELD], self.by_request.append)

    def ask(
        self,
        verb: str = "echo",
        body: bytes = b"",
        seconds: float = SOON,
        transaction: str = "tx",
        decode: Any = bytes,
    ) -> Promise[Any]:
        asked = Asked("POST", f"/v1/echo/{verb}", transaction, body, decode, seconds)
        self.channel.ask(asked)
        return asked.promise


def until(condition: Any) -> None:
    with concurrency.deadline(SOON):
        while not condition():
            concurrency.sleep(0.01)
