"""The tables of implementations that the suite runs over.

A maker takes a directory and an ``ExitStack`` for what must be closed, and
returns a node that holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from objectstore.account.node import LocalAccountNode
from objectstore.account.server import account_server
from objectstore.account.store import AccountStore
from objectstore.container.node import LocalContainerNode
from objectstore.container.server import container_server
from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.object.node import LocalObjectNode
from objectstore.object.server import object_server
from objectstore.object.store.store import ObjectStore
from objectstore.wire.peer import Peer
from objectstore.wire.remote_account import RemoteAccountNode
from objectstore.wire.remote_container import RemoteContainerNode
from objectstore.wire.remote_object import RemoteObjectNode
from objectstore.wire.serving import NodeServer
from test.fakes.nodes import (
    Faults,
    Faulty,
    MemoryAccountNode,
    MemoryContainerNode,
    MemoryObjectNode,
)
from test.fakes.servers import SECRET, client_of, serve, with_channels

DEVICE = "sda"

Maker = Callable[[Path, ExitStack], Any]
Front = Callable[[str, NodeServer], Any]
"""What stands before the server of a kind of node."""


def _plain(make: Callable[[], Any]) -> Maker:
    return lambda directory, stack: make()


def _faultless(make: Callable[[], Any]) -> Maker:
    return lambda directory, stack: Faulty(make(), Faults())


def _remote_object(make: Maker, front: Front) -> Maker:
    """The same node, behind its server and a socket."""

    def maker(directory: Path, stack: ExitStack) -> Any:
        server = object_server({(0, DEVICE): make(directory, stack)}, SECRET)
        return RemoteObjectNode(_peer_of(front("object", server), stack), 0, DEVICE)

    return maker


def _remote_container(make: Maker, front: Front) -> Maker:
    def maker(directory: Path, stack: ExitStack) -> Any:
        server = container_server({DEVICE: make(directory, stack)}, SECRET)
        return RemoteContainerNode(_peer_of(front("container", server), stack), DEVICE)

    return maker


def _remote_account(make: Maker, front: Front) -> Maker:
    def maker(directory: Path, stack: ExitStack) -> Any:
        server = account_server({DEVICE: make(directory, stack)}, SECRET)
        return RemoteAccountNode(_peer_of(front("account", server), stack), DEVICE)

    return maker


def _peer_of(server: Any, stack: ExitStack) -> Peer:
    return Peer(client_of(serve(server, stack), stack), SECRET)


def _by_requests(kind: str, server: NodeServer) -> Any:
    """An earlier version, which knows no channels."""
    return server


def _with_remote(
    table: dict[str, Maker], remote: Callable[[Maker, Front], Maker]
) -> None:
    for name, make in list(table.items()):
        if name != "faulty":
            table[f"remote-{name}"] = remote(make, with_channels)
            table[f"request-{name}"] = remote(make, _by_requests)


def _device(directory: Path, stack: ExitStack) -> Device:
    device = Device.open(SystemDisk(), str(directory / DEVICE))
    stack.callback(device.close)
    return device


def _local_container(directory: Path, stack: ExitStack) -> Any:
    clock = HybridClock(SystemClock())
    store = ContainerStore.open(_device(directory, stack), clock)
    stack.callback(store.close)
    return LocalContainerNode(store)


def _local_account(directory: Path, stack: ExitStack) -> Any:
    store = AccountStore.open(_device(directory, stack))
    stack.callback(store.close)
    return LocalAccountNode(store)


def _local_object(directory: Path, stack: ExitStack) -> Any:
    store = ObjectStore.open(_device(directory, stack), 0, SystemClock())
    stack.callback(store.close)
    return LocalObjectNode(store)


OBJECT: dict[str, Maker] = {
    "local": _local_object,
    "memory": _plain(MemoryObjectNode),
    "faulty": _faultless(MemoryObjectNode),
}
CONTAINER: dict[str, Maker] = {
    "local": _local_container,
    "memory": _plain(MemoryContainerNode),
    "faulty": _faultless(MemoryContainerNode),
}
ACCOUNT: dict[str, Maker] = {
    "local": _local_account,
    "memory": _plain(MemoryAccountNode),
    "faulty": _faultless(MemoryAccountNode),
}

_with_remote(OBJECT, _remote_object)
_with_remote(CONTAINER, _remote_container)
_with_remote(ACCOUNT, _remote_account)
