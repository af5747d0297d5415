"""One process of the cloud: its rooms, its agents, and perhaps an object store.

Everything is made here, in the order in which it is needed, and given to whatever
needs it.
"""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from functools import partial
from random import SystemRandom

from compute.app.agents import Agents
from compute.app.beginnings import SERVICE_PASSWORD, beginnings
from compute.app.callers import Later, room_callers
from compute.app.figures import (
    AgentsSeen,
    RequestsByRoom,
    Samples,
    StatusPages,
    table_rows,
)
from compute.app.front import front_of
from compute.app.rooms import PACKAGES, build_room
from compute.app.secret_files import read_secret, secret_in
from compute.core.amqp_bus import AmqpBus
from compute.core.bus import Bus, InProcessBus
from compute.core.rooms.room import Room, RoomParts
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.identity.bootstrap import bootstrap
from compute.identity.client import (
    REVOKED_TOPIC,
    IdentityTokens,
    ServiceCredentials,
    ServiceTokens,
)
from compute.identity.room import build_parts as build_identity_parts
from compute.identity.room import room_of as identity_room
from compute.settings import AGENT_ROLES, ROOM_ROLES, CloudSettings, Role
from objectstore.app.worker import StoreWorker
from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.client.over_http import HttpCaller, connection_to
from objectstore.kernel import concurrency, process
from objectstore.kernel.client import ClientPool
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.http.edge import AccessSink
from objectstore.kernel.http.identity_file import ServerIdentity
from objectstore.kernel.log import open_access_log
from objectstore.kernel.loop import Loop
from objectstore.kernel.metrics import AccessSinks
from objectstore.kernel.process import ListenAt
from objectstore.kernel.signals import on_signals
from objectstore.kernel.wsgi import Server, listen
from objectstore.middleware.identity import IdentityFilter
from objectstore.middleware.layers import layers
from objectstore.settings import load_settings

_log = logging.getLogger("compute")


class Cloud:
    """Builds the parts of one process; ``run`` serves until told to stop."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._random = SystemRandom()
        self._pool = ClientPool(settings.client, self._clock)
        self._store: StoreWorker | None = None
        self._database: Database | None = None
        self._bus: Bus | None = None
        self._rooms: dict[str, Room] = {}
        self._loops: list[Loop] = []
        self._agents: Agents | None = None
        self._server: Server | None = None
        self._status: Server | None = None
        self._callers: dict[str, Caller] = {}
        self._access = open_access_log(settings.log, self._clock)

    def run(self, worker: process.Worker) -> None:
        """Serve, and on SIGTERM finish what is under way."""
        self.start(worker.listen)
        stop = concurrency.Event()
        on_signals({signal.SIGTERM: stop.set, signal.SIGINT: stop.set})
        worker.ready()
        stop.wait()
        self.stop()

    def start(self, listen_at: ListenAt = listen) -> None:
        """Serve in the background until ``stop``."""
        settings = self._settings
        settings.cloud.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._start_store(listen_at)
        self._bus = (
            AmqpBus(settings.cloud.bus) if settings.cloud.bus else InProcessBus()
        )
        names = [role.value for role in ROOM_ROLES if settings.plays(role)]
        here = {name: Later() for name in names}
        callers = self._callers = room_callers(settings, here, self._pool)
        callers["object-store"] = self._store_caller()
        self._connect_store(callers["identity"])
        service = self._service = self._service_tokens(callers["identity"])
        if names:
            self._build_rooms(names, here, callers, service)
        if any(settings.plays(role) for role in AGENT_ROLES):
            self._agents = Agents(
                settings,
                callers,
                service,
                self._bus,
                self._clock,
                self._peer,
                partial(connection_to, self._pool),
            )
            # Who has heard an answer may rely on all of this process.
            self._agents.open()
        self._listen(listen_at)
        for loop in self._loops:
            loop.start()
        if self._agents is not None:
            self._agents.start()

    def _peer(self, url: str) -> Caller:
        """A process of another host: its agent, or a room."""
        return HttpCaller(url, self._pool)

    def stop(self) -> None:
        """Finish the requests that are under way, then close everything."""
        if self._agents is not None:
            self._agents.stop()
        for server in (self._server, self._status):
            if server is not None:
                server.drain()
        for loop in self._loops:
            loop.stop()
        for room in self._rooms.values():
            if room.ends is not None:
                room.ends()
        if self._bus is not None:
            self._bus.close()
        if self._store is not None:
            self._store.stop()
        if self._database is not None:
            self._database.close()
        self._pool.close()
        if self._access is not None:
            self._access.close()

    # ---- the object store ------------------------------------------------------

    def _start_store(self, listen_at: ListenAt) -> None:
        source = self._settings.cloud.object_store
        if source is not None:
            self._store = StoreWorker(load_settings(source.absolute()), 0, 1)
            self._store.start(listen_at=listen_at)

    def _connect_store(self, identity: Caller) -> None:
        """The store asks identity without a socket, and hears of revocations."""
        if self._store is None or self._bus is None:
            return
        for layer in layers(self._store.pipeline):
            if isinstance(layer, IdentityFilter):
                layer.connect(identity)
                self._bus.subscribe(REVOKED_TOPIC, layer.hear_of_revocation)

    def _store_caller(self) -> Caller:
        store = self._store
        if store is not None and store.public_application is not None:
            return InProcessCaller(store.public_application)
        return HttpCaller(self._settings.cloud.object_store_url, self._pool)

    # ---- rooms -----------------------------------------------------------------

    def _build_rooms(
        self,
        names: list[str],
        here: dict[str, Later],
        callers: dict[str, Caller],
        service: ServiceTokens,
    ) -> None:
        settings = self._settings
        assert self._bus is not None
        database = self._database = Database(settings.database_url)
        upgrade(database, [PACKAGES[name] for name in names if name in PACKAGES])
        tokens = IdentityTokens(
            callers["identity"], self._clock, service=service, bus=self._bus
        )
        for name in names:
            parts = RoomParts(
                database=database,
                bus=self._bus,
                clock=self._clock,
                random=self._random,
                tokens=tokens,
                service=service,
                callers=callers,
                state_directory=settings.cloud.state / name,
                policy_overrides=settings.policies.get(name, {}),
                host=settings.host,
                address=settings.public_address.host,
                region=settings.cloud.region,
                url=f"{settings.agent_url}/{name}",
                peer=self._peer,
            )
            if name == Role.IDENTITY.value:
                room = self._build_identity(parts)
            else:
                room = build_room(name, parts, settings.rooms[name])
            self._rooms[name] = room
            here[name].application = room.application
            self._loops += room.loops
            _log.info("%s is ready", name)

    def _build_identity(self, parts: RoomParts) -> Room:
        """The one that is there before everything else, and begins with somebody."""
        inner = build_identity_parts(parts, self._settings.rooms["identity"])
        bootstrap(inner, beginnings(self._settings))
        return identity_room(inner)

    def _service_tokens(self, identity: Caller) -> ServiceTokens:
        path = self._settings.secret_file(SERVICE_PASSWORD)
        has_identity = self._settings.plays(Role.IDENTITY)
        password = secret_in(path) if has_identity else read_secret(path)
        return ServiceTokens(identity, ServiceCredentials(password), self._clock)

    # ---- the listener ----------------------------------------------------------

    def _listen(self, listen_at: ListenAt) -> None:
        settings = self._settings
        address = settings.public_address
        applications = {name: room.application for name, room in self._rooms.items()}
        consoles = self._agents.consoles if self._agents is not None else None
        door = self._agents.door if self._agents is not None else None
        sinks: AccessSink | None = self._access
        requests = None
        if settings.status_address is not None:
            status = listen_at(
                settings.status_address.host, settings.status_address.port
            )
            requests = self._serve_status(status, list(applications))
            sinks = AccessSinks([each for each in (requests, sinks) if each])
        server = self._server = Server(
            front_of(applications, consoles, door),
            [listen_at(address.host, address.port)],
            settings.edge,
            access=sinks,
            clock=self._clock,
            tls=(
                ServerIdentity(settings.tls, self._clock.monotonic)
                if settings.tls.certificate
                else None
            ),
        )
        if requests is not None and settings.tls.certificate:
            requests.tell_handshakes(lambda: server.failed_handshakes)
        server.start()

    def _serve_status(
        self, listener: socket.socket, rooms: list[str]
    ) -> RequestsByRoom:
        """Serve how this process is, at an address of its own; what counts requests."""
        requests = RequestsByRoom(rooms, rooms[0] if len(rooms) == 1 else "")
        asked: dict[str, Callable[[], Samples]] = {}
        if self._database is not None:
            asked["Rows of the database's tables"] = partial(table_rows, self._database)
            asked["Agents of hosts"] = AgentsSeen(
                self._callers, self._service, rooms
            ).samples
        self._status = Server(
            StatusPages(requests, self._loops, asked, self._clock),
            [listener],
            self._settings.edge,
            clock=self._clock,
        )
        self._status.start()
        return requests
