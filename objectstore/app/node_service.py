"""What other processes see of this one: its nodes, its pages, its administration."""

from __future__ import annotations

import socket

from prometheus_client import CollectorRegistry

from objectstore.account.server import account_server
from objectstore.app.admin import AdminPages
from objectstore.app.directory import NodeTable
from objectstore.app.front import NodeFront
from objectstore.app.places import Places
from objectstore.app.servers import Servers
from objectstore.app.status import Status
from objectstore.container.server import container_server
from objectstore.kernel.clock import Clock
from objectstore.kernel.metrics import RequestMetrics
from objectstore.kernel.process import ListenAt
from objectstore.kernel.wsgi import listen
from objectstore.object.server import object_server
from objectstore.settings import StoreSettings
from objectstore.wire.channel.format import PATH as CHANNEL_PATH
from objectstore.wire.channel.serving import ChannelServer


class NodeService:
    """Serves the nodes of ``table`` for one worker."""

    def __init__(
        self,
        settings: StoreSettings,
        places: Places,
        clock: Clock,
        registry: CollectorRegistry,
        status: Status,
        admin: AdminPages,
    ) -> None:
        self._settings = settings
        self._places = places
        self._status = status
        self._admin = admin
        self._table = table = NodeTable()
        self._serves_nodes = places.serves_nodes
        name = "node" if places.serves_nodes else "status"
        self._metrics = RequestMetrics(registry, name)
        secret = settings.cluster.secret
        self._kinds = {
            "object": object_server(table.objects, secret),
            "container": container_server(table.containers, secret),
            "account": account_server(table.accounts, secret),
        }
        self._channels = ChannelServer(
            self._kinds, secret, clock.monotonic, self._metrics
        )

    def serve(self, servers: Servers, listen_at: ListenAt) -> None:
        """Begin.  A process without devices has pages only, and those for siblings and
        where its settings say."""
        listeners = self._for_siblings()
        address = self._settings.status_address
        if self._serves_nodes:
            address = self._settings.node_address
        if address is not None:
            listeners.append(listen_at(address.host, address.port))
        if listeners:
            servers.serve(self._front(), listeners, self._metrics)

    def _front(self) -> NodeFront:
        pages = dict(self._status.pages())
        if not self._serves_nodes:
            return NodeFront({}, pages)
        pages[CHANNEL_PATH] = self._channels
        return NodeFront(self._kinds, pages, self._admin)

    def show(self, nodes: NodeTable) -> None:
        """Requests find these from now on, and no others."""
        self._table.remove(self._table)
        self._table.add(nodes)

    def leave(self) -> None:
        """Before the servers are drained: send callers elsewhere."""
        self._channels.leave()

    def _for_siblings(self) -> list[socket.socket]:
        """Where the other workers call this one, if there are any."""
        path = self._places.worker_socket()
        if path is None:
            return []
        path.unlink(missing_ok=True)
        return [listen(path)]
