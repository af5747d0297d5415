"""What clients see of a worker: the proxy inside its filters, behind our own pages."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from objectstore.app.front import Front
from objectstore.app.pipeline import filter_loops, finish_filters, wrap
from objectstore.app.servers import Servers
from objectstore.app.status import Status
from objectstore.kernel import hash_process
from objectstore.kernel.clock import Clock
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Loop
from objectstore.kernel.metrics import RequestMetrics
from objectstore.kernel.process import ListenAt
from objectstore.kernel.request import Application
from objectstore.kernel.timestamps import HybridClock
from objectstore.proxy.app import ProxyApplication
from objectstore.proxy.rounds.placement import Placement
from objectstore.settings import StoreSettings


class ProxyService:
    """The proxy of one of ``count`` workers."""

    def __init__(
        self,
        settings: StoreSettings,
        placement: Placement,
        clock: Clock,
        timestamps: HybridClock,
        status: Status,
        version: str,
        count: int,
    ) -> None:
        hash_process.allow()
        self._settings = settings
        proxy = ProxyApplication(
            placement,
            settings.policies,
            settings.proxy,
            clock,
            timestamps=timestamps,
            version=version,
        )
        self.facts: Facts = proxy.facts
        self.pipeline: Application = wrap(
            proxy,
            settings.source,
            {
                "cluster_secret": settings.cluster.secret,
                "settings_directory": str(settings.source.parent),
                # Where workers meet; "": there is one only.
                "workers_directory": str(settings.server.run) if count > 1 else "",
            },
        )
        pages = status.pages() if settings.server.public_status else {}
        # What clients talk to, over HTTP or in this process.
        self.front: Application = Front(self.pipeline, self.facts, pages)

    def loops(self) -> list[Loop]:
        """What the filters do in the background: in one of the workers."""
        return filter_loops(self.pipeline, self.facts)

    def serve(
        self, servers: Servers, registry: CollectorRegistry, listen_at: ListenAt
    ) -> None:
        """Begin to answer clients."""
        address = self._settings.public_address
        listener = listen_at(address.host, address.port)
        metrics = RequestMetrics(registry, "proxy")
        servers.serve(self.front, [listener], metrics, is_public=True)

    def finish(self) -> None:
        """Once nobody asks any more: let the filters end."""
        finish_filters(self.pipeline)
