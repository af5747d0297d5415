"""The sockets of the metadata service in each namespace that guests reach.

A socket belongs for ever to the namespace that it was made in.  So a native thread
enters the namespace, makes it there, and the hub of this process serves it like any
other.  When a namespace was made anew under its old name, its socket is elsewhere:
``seen`` does not count it.
"""

from __future__ import annotations

import socket

from compute.network.agent.kernel_namespaces import inode_of, inside
from compute.network.agent.metadata.metadata import (
    EDGE,
    MetadataApplication,
    MetadataSource,
)
from compute.network.agent.metadata_address import (
    METADATA6_ADDRESS,
    METADATA_ADDRESS,
    METADATA_PORT,
)
from compute.network.agent.model import Listener
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.wsgi import Server, listen

# Guests ask at their boot, not by the thousand.
BACKLOG = 64


class MetadataListeners:
    """All of one agent.  Called on the hub's thread; what blocks is offloaded."""

    def __init__(self, source: MetadataSource) -> None:
        self._source = source
        self._open: dict[str, tuple[Listener, int, Server]] = {}

    def seen(self) -> dict[str, Listener]:
        """Those that serve where they should."""
        return {
            namespace: listener
            for namespace, (listener, inode, _) in self._open.items()
            if inode == inode_of(namespace)
        }

    def open(self, listener: Listener) -> None:
        """Serve in the namespace; ``Unavailable`` when its address is not there."""
        self.close(listener.namespace)
        inode, sockets = concurrency.offload(_listen, listener)
        server = Server(MetadataApplication(listener, self._source), sockets, EDGE)
        server.start()
        self._open[listener.namespace] = (listener, inode, server)

    def close(self, namespace: str) -> None:
        """Serve there no more."""
        found = self._open.pop(namespace, None)
        if found is not None:
            found[2].close()

    def close_all(self) -> None:
        """The agent ends."""
        for namespace in list(self._open):
            self.close(namespace)


def _listen(listener: Listener) -> tuple[int, list[socket.socket]]:
    addresses = [METADATA_ADDRESS]
    if listener.device:
        addresses.append(f"{METADATA6_ADDRESS}%{listener.device}")
    sockets: list[socket.socket] = []

    def open_all() -> None:
        for address in addresses:
            sockets.append(listen(address, METADATA_PORT, backlog=BACKLOG))

    try:
        inside(listener.namespace, open_all)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise Unavailable(f"metadata in {listener.namespace}: {error}") from error
    return inode_of(listener.namespace), sockets
