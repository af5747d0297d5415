"""One worker process: its devices, its servers, its background loops.

Everything is made here, in the order in which it is needed, and given to
whatever needs it; nothing else in the tree wires things together.
"""

from __future__ import annotations

import logging
import signal
from typing import Any

from prometheus_client import CollectorRegistry

from objectstore.app import leaving
from objectstore.app.admin import AdminPages
from objectstore.app.device_watch import REST_SECONDS as DEVICE_REST_SECONDS
from objectstore.app.device_watch import DeviceWatch
from objectstore.app.devices import LocalDevices
from objectstore.app.directory import NodeDirectory, Peers
from objectstore.app.internal import InternalStore
from objectstore.app.neighbours import Neighbours
from objectstore.app.node_service import NodeService
from objectstore.app.open_device import OpenDevice
from objectstore.app.own_figures import own_figures, own_version
from objectstore.app.places import Places
from objectstore.app.proxy_service import ProxyService
from objectstore.app.ranks import Ranks
from objectstore.app.ring_watch import RingWatch
from objectstore.app.rings import RingFiles, RingSet, ring_facts
from objectstore.app.row_sender import RowSender
from objectstore.app.servers import Servers
from objectstore.app.siblings import wait_for_siblings
from objectstore.app.status import Status
from objectstore.app.syncing import ContainerSyncs, SyncPeers
from objectstore.kernel import concurrency, hash_process, process
from objectstore.kernel.client import ClientPool
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.identity_file import caller_identity
from objectstore.kernel.log import open_access_log
from objectstore.kernel.loop import Loop
from objectstore.kernel.process import ListenAt
from objectstore.kernel.request import Application
from objectstore.kernel.signals import on_signals
from objectstore.kernel.sync_realms import FILE_NAME, read_realms
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.kernel.wsgi import listen
from objectstore.proxy.rounds.placement import Placement
from objectstore.settings import Role, StoreSettings

# Requests under way when a worker is told to stop are given so long, clients' and then
# other servers'.  Together less than what the supervisor gives (``DRAIN_SECONDS``): the
# devices are closed after it.  While others' requests end, the devices are away: a long
# read goes on elsewhere.  Copies that are owed have what clients have left, and a bit.
CLIENTS_SECONDS = 22.0
COPIES_SECONDS = 1.5
NODES_SECONDS = 5.0

_log = logging.getLogger("objectstore.worker")


class StoreWorker:
    """Builds a worker's parts; ``run`` serves until told to stop."""

    def __init__(self, settings: StoreSettings, index: int, count: int) -> None:
        self._settings = settings
        self._index = index
        self._count = count
        self._clock = SystemClock()
        self._timestamps = HybridClock(self._clock)
        self._registry = CollectorRegistry()
        self._pool = ClientPool(settings.client, self._clock)
        self._rings = RingFiles(
            settings.server.rings, settings.policies, self._clock.monotonic
        )
        self._places = Places(settings, self._rings, index, count)
        internal = InternalStore(
            lambda: self._placement,
            settings.policies,
            settings.proxy,
            self._clock,
            self._timestamps,
        )
        self._devices = LocalDevices(
            settings,
            SystemDisk(),
            self._clock,
            self._timestamps,
            RowSender(
                lambda: self._placement, self._clock, settings.server.reclaim_age
            ),
            Neighbours(self._rings.current, lambda: self._directory),
            internal,
        )
        self._directory = NodeDirectory(
            self._devices.nodes,
            self._places.siblings(),
            self._places.own,
            self._peers(),
        )
        self._placement = self._place(self._rings.current())
        self._access = open_access_log(settings.log, self._clock)
        self._servers = Servers(settings.edge, self._clock, self._access, settings.tls)
        self._proxy: ProxyService | None = None
        self._loops: list[Loop] = []
        workers = self._places.other_workers()
        secret = settings.cluster.secret
        self._status = Status(
            settings,
            own_version(),
            self._clock,
            self._pool,
            index,
            workers,
            lambda: ring_facts(self._rings.current(), settings.policies),
            self._own_figures,
        )
        self._nodes = NodeService(
            settings,
            self._places,
            self._clock,
            self._registry,
            self._status,
            AdminPages(self._devices, secret, self._pool, workers),
        )

    def run(self, worker: process.Worker) -> None:
        """Open the devices, serve, and on SIGTERM finish what is under way."""
        public = self._settings.public_address
        worker.await_clients(public.host, public.port)
        self.start(waits=worker.is_first, listen_at=worker.listen)
        stop = concurrency.Event()
        on_signals({signal.SIGTERM: stop.set, signal.SIGINT: stop.set})
        worker.ready()
        if worker.index == 0:
            _log.info("ready: %s", self._places_served())
        stop.wait()
        self.stop()

    def _places_served(self) -> str:
        """Where somebody is answered, for who looks at the log."""
        server = self._settings.server
        found = []
        if Role.PROXY in server.roles:
            found.append(f"clients at {self._settings.public_address}")
        if self._places.serves_nodes:
            found.append(f"nodes at {self._settings.node_address}")
        return ", ".join(found)

    def start(self, *, waits: bool = False, listen_at: ListenAt = listen) -> None:
        """Open the devices and serve in the background until ``stop``; ``waits``: take
        clients only when the workers beside answer, which start now too."""
        settings = self._settings
        if self._places.serves_nodes:
            self._watch_devices()
        self._nodes.serve(self._servers, listen_at)
        if Role.PROXY in settings.server.roles:
            if waits and self._places.serves_nodes:
                siblings = self._places.other_workers().values()
                wait_for_siblings(siblings, self._clock)
            self._start_proxy(listen_at)
        watch = RingWatch(self._rings, self._placement)
        self._loops.append(Loop(watch, idle_seconds=watch.REST_SECONDS))
        if settings.server.background:
            self._devices.start_loops()
        for loop in self._loops:
            loop.start()

    @property
    def public_application(self) -> Application | None:
        """What the proxy's clients talk to, for callers in this process; None before
        ``start``, or when this worker is no proxy."""
        return self._proxy.front if self._proxy is not None else None

    @property
    def pipeline(self) -> Application | None:
        """The proxy's filters, the outermost first (``middleware.layers``)."""
        return self._proxy.pipeline if self._proxy is not None else None

    def open_all(self) -> list[OpenDevice]:
        """Every device of this machine, or none: a server may have some of them.  For
        work without serving."""
        self._devices.open(self._places.own_devices())
        for name, why in self._devices.unserved.items():
            raise Unavailable(f"{name}: {why}")
        return list(self._devices.opened.values())

    def stop(self) -> None:
        """Finish the requests that are under way, then close everything.

        Clients' first.  The devices are served for as long as those take: other
        workers, and machines, would miss them in their majorities.  Others get what
        only this worker has, before it leaves.
        """
        until = self._clock.monotonic() + CLIENTS_SECONDS + COPIES_SECONDS
        self._servers.drain_public(CLIENTS_SECONDS)
        opened = list(self._devices.opened.values())
        leaving.pay(leaving.debts_of(opened), self._clock, until)
        locks = [each for device in opened for each in device.locks]
        leaving.let_writers_end(locks, self._clock)
        self._nodes.leave()
        self._servers.drain_others(NODES_SECONDS)
        if self._proxy is not None:
            self._proxy.finish()
        for loop in self._loops:
            loop.stop()
        self._devices.close()
        self._pool.close()
        hash_process.end()
        if self._access is not None:
            self._access.close()

    # ---- servers ---------------------------------------------------------------

    def _start_proxy(self, listen_at: ListenAt) -> None:
        settings = self._settings
        proxy = self._proxy = ProxyService(
            settings,
            self._placement,
            self._clock,
            self._timestamps,
            self._status,
            own_version(),
            self._count,
        )
        if Role.CONTAINER in settings.server.roles and settings.server.background:
            self._sync_containers(proxy)
        if self._index == 0 and settings.server.background:
            self._loops += proxy.loops()
        proxy.serve(self._servers, self._registry, listen_at)

    def _sync_containers(self, proxy: ProxyService) -> None:
        """Send containers to other clusters, where there are realms."""
        settings = self._settings
        realms = read_realms(settings.source.parent / FILE_NAME)
        if not realms:
            return
        syncs = ContainerSyncs(
            self._devices.opened.values,
            Ranks(self._rings.current, self._directory.is_here),
            self._clock,
            realms,
            SyncPeers(proxy.pipeline, proxy.facts, self._pool),
        )
        self._loops.append(Loop(syncs, idle_seconds=settings.daemons.sync_rest))

    # ---- devices and figures ---------------------------------------------------

    def _watch_devices(self) -> None:
        """Open what there is, and follow what comes and goes."""
        server = self._settings.server
        watch = DeviceWatch(
            self._devices,
            SystemDisk(),
            self._places.share(),
            server.devices,
            server.run,
            self._devices_changed,
            mount_check=server.mount_check,
        )
        watch.step()
        self._loops.append(Loop(watch, idle_seconds=DEVICE_REST_SECONDS))

    def _devices_changed(self) -> None:
        """Let requests find the devices that are open now."""
        policies = [
            space for policy in self._settings.policies for space in policy.spaces
        ]
        self._nodes.show(self._directory.served(self._places.own_devices(), policies))
        rings = self._rings.current()
        self._placement.follow(rings.objects, rings.container, rings.account)

    def _own_figures(self) -> dict[str, Any]:
        return own_figures(self._devices, self._registry, self._clock.time())

    # ---- ways to others --------------------------------------------------------

    def _peers(self) -> Peers:
        settings = self._settings
        return Peers(
            self._pool,
            settings.cluster.secret,
            settings.client.response_timeout,
            caller_identity(settings.tls, self._clock.monotonic),
        )

    def _place(self, rings: RingSet) -> Placement:
        cluster = self._settings.cluster
        return Placement(
            rings.objects,
            rings.container,
            rings.account,
            self._directory,
            hash_prefix=cluster.hash_prefix.encode(),
            hash_suffix=cluster.hash_suffix.encode(),
        )
