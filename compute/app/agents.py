"""The agents of this process: its host's guests with their consoles, its networks and
load balancers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compute.agent.consoles.model import ConsoleEndpoint, ConsoleKind
from compute.agent.consoles.pages import Pages
from compute.agent.consoles.proxy import ConsoleProxy
from compute.agent.disks.layout import Layout
from compute.agent.host import Neighbours
from compute.agent.host_lock import HostLock
from compute.agent.image_source import ImageSource
from compute.agent.measuring import Measuring
from compute.agent.moves.door import MoveDoor
from compute.agent.moves.streams import Connect, StreamDoor
from compute.agent.runner import Agent, AgentTimes
from compute.app.hosts import (
    HostPlace,
    Hosts,
    build_hosts,
    check_networks,
    simulated_names,
)
from compute.balancer.agent import service as balancers
from compute.balancer.client import BalancerClient
from compute.core.bus import Bus
from compute.core.context import TokenSource
from compute.core.errors import NotFound
from compute.core.rooms.absent import AbsentService
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.metric.client import MetricClient
from compute.network.agent.over_http import HttpControlPlane
from compute.network.agent.settings import NetworkKind
from compute.network.agent.simulated import SimulatedNetworks
from compute.network.client import NetworkClient
from compute.settings import CloudSettings, Role
from compute.volume.client import VolumeClient
from objectstore.client.caller import Caller
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Loop

if TYPE_CHECKING:
    from compute.network.agent.service import NetworkAgentService

_log = logging.getLogger("compute.agent")


class GrantedConsoles:
    """Console tokens that the instance room gave, for guests of this host."""

    def __init__(self, instances: InstanceClient, host: str, layout: Layout) -> None:
        self._instances = instances
        self._host = host
        self._layout = layout

    def lookup(self, token: str) -> ConsoleEndpoint | None:
        """See ``ConsoleTokens.lookup``."""
        try:
            grant = self._instances.console(token)
        except NotFound:
            return None
        if grant.host != self._host:
            _log.warning("a console on %s was asked for here", grant.host)
            return None
        kind = ConsoleKind(grant.kind)
        paths = self._layout.paths(grant.server_id)
        socket = paths.vnc_socket if kind is ConsoleKind.NOVNC else paths.serial_socket
        return ConsoleEndpoint(grant.server_id, kind, Path(socket))


class Agents:
    """Made, started and stopped with the process."""

    def __init__(
        self,
        settings: CloudSettings,
        callers: Mapping[str, Caller],
        service: TokenSource,
        bus: Bus,
        clock: Clock,
        peers: Callable[[str], Caller],
        connect: Connect,
    ) -> None:
        """``peers``: the agent at a URL; ``connect``: a connection to it.
        ``Unavailable`` when this machine cannot be the host it should be."""
        self._peers, self._connect = peers, connect
        self.door: MoveDoor | None = None
        self._settings = settings
        self.instances = InstanceClient(callers["compute"], service)
        self._network = NetworkClient(callers["network"], service)
        self._images = ImageClient(callers["image"], service)
        volumes = callers.get("volume", AbsentService("volume"))
        self._volumes = VolumeClient(volumes, service)
        metrics = callers.get("metric", AbsentService("metric"))
        self._metrics = MetricClient(metrics, service)
        self._bus = bus
        self._clock = clock
        self.hosts: Hosts | None = None
        self.consoles: ConsoleProxy | None = None
        self._guests: Agent | None = None
        self._measuring: list[Loop] = []
        self._networks: NetworkAgentService | SimulatedNetworks | None = None
        self._balancers: balancers.BalancerAgentService | None = None
        self._lock = HostLock(settings.cloud.state / "agent")
        if settings.plays(Role.AGENT):
            self._build_guests()
        if settings.plays(Role.NETWORK_AGENT):
            self._build_networks()
        if settings.plays(Role.BALANCER_AGENT):
            client = BalancerClient(callers["load-balancer"], service)
            self._build_balancers(client)

    def open(self) -> None:
        """Find out that this machine is the host that it should be.
        ``Unavailable``."""
        if self._guests is not None:
            self._guests.open()

    def start(self) -> None:
        """Networks first: guests wait for their ports."""
        if self._networks is not None:
            self._networks.start()
        if self._balancers is not None:
            self._balancers.start()
        if self.hosts is not None and self._guests is not None:
            self.hosts.start()
            self._guests.start()
            for loop in self.hosts.loops:
                loop.start()
        for loop in self._measuring:
            loop.start()

    def stop(self) -> None:
        """Guests and networks stay, unless they are to end with us."""
        if self._guests is not None:
            self._guests.stop()
        for loop in self._measuring:
            loop.stop()
        if self.hosts is not None:
            for loop in self.hosts.loops:
                loop.stop()
            self.hosts.stop()
        if self._balancers is not None:
            self._balancers.stop()
            if self._settings.rooms["agent"].ends_with_us:
                self._balancers.take_down()
        if self._networks is not None:
            self._networks.stop()
            if self._settings.rooms["agent"].ends_with_us:
                self._networks.take_down()
        self._lock.release()

    def _build_guests(self) -> None:
        self._lock.take()
        settings = self._settings
        hosts = self.hosts = build_hosts(
            settings.rooms["agent"],
            settings.rooms["libvirt"],
            HostPlace(
                settings.host,
                settings.cloud.state / "agent",
                settings.public_address.host,
                f"{settings.agent_url}/agent",
            ),
            images=ImageSource(self._images, settings.host),
            known=self._known_servers,
            clock=self._clock,
        )
        self._guests = Agent(
            hosts.kits,
            Neighbours(
                self.instances,
                self._network,
                self._images,
                self._volumes,
                self._clock,
                peers=self._peers,
                connect=self._connect,
            ),
            self._bus,
            owner=f"agent on {settings.host}",
            console_url=self._console_url(),
            jobs_at_once=settings.rooms["agent"].jobs_at_once,
            times=AgentTimes(look=settings.rooms["agent"].look),
        )
        interval = settings.rooms["metric"].interval
        if interval:
            measuring = Measuring(
                hosts.kits, self.instances, self._metrics, self._clock
            )
            self._measuring.append(Loop(measuring, idle_seconds=interval))
        streams = StreamDoor(hosts.move_socket) if hosts.move_socket else None
        self.door = MoveDoor(hosts.kits, self.instances, streams)
        if hosts.layout is not None:
            tokens = GrantedConsoles(self.instances, settings.host, hosts.layout)
            self.consoles = ConsoleProxy(tokens, Pages())

    def _console_url(self) -> str:
        given: str = self._settings.rooms["agent"].console_url
        if given or self._settings.plays(Role.COMPUTE):
            return given
        return f"{self._settings.agent_url}/console"

    def _known_servers(self) -> set[str]:
        return self.instances.known_on(self._settings.host)

    def _build_networks(self) -> None:
        options = self._settings.rooms["network-agent"]
        guests = self._settings.rooms["agent"]
        check_networks(options.driver, guests.hypervisor)
        if options.driver is NetworkKind.SIM:
            self._networks = SimulatedNetworks(
                simulated_names(guests, self._settings.host),
                HttpControlPlane(self._network),
                bus=self._bus,
                clock=self._clock,
                look_seconds=options.look,
            )
            return
        # Imported here: a process without real networks needs none of what speaks to
        # the kernel, which is a tenth of its start.
        from compute.network.agent.meter_readings import MeterReadings
        from compute.network.agent.service import (
            NetworkAgentService,
            missing_requirements,
        )

        if missing := missing_requirements():
            raise Unavailable(f"the network agent needs {', '.join(missing)}")
        self._networks = NetworkAgentService(
            self._settings.host,
            self._settings.cloud.state / "network-agent",
            options,
            network=self._network,
            instances=self.instances,
            bus=self._bus,
            clock=self._clock,
            listens_at=self._settings.public_address.host,
        )
        interval = self._settings.rooms["metric"].interval
        if interval:
            readings = MeterReadings(self._networks.view, self._metrics, self._clock)
            self._measuring.append(Loop(readings, idle_seconds=interval))

    def _build_balancers(self, client: BalancerClient) -> None:
        """A host without haproxy is a host all the same, of everything else."""
        options = self._settings.rooms["balancer-agent"]
        if missing := balancers.missing_requirements(options):
            _log.warning("no load balancers here: missing %s", ", ".join(missing))
            return
        self._balancers = balancers.BalancerAgentService(
            self._settings.host,
            self._settings.cloud.state / "balancer-agent",
            options,
            client=client,
            bus=self._bus,
            clock=self._clock,
        )
