"""Putting the checks together for one settings file."""

from __future__ import annotations

from collections.abc import Iterator

from compute.agent.disks.holds import lazy_guests
from compute.agent.disks.layout import Layout
from compute.agent.image_source import ImageSource
from compute.agent.settings import HypervisorKind
from compute.app.beginnings import SERVICE_PASSWORD
from compute.app.callers import room_callers
from compute.app.doctor.balancers import stray_balancers
from compute.app.doctor.finding import Finding
from compute.app.doctor.guests import stray_guests
from compute.app.doctor.images import stray_segments
from compute.app.doctor.networks import stray_networks
from compute.app.doctor.places import stray_places
from compute.app.doctor.ports import stray_ports
from compute.app.doctor.volume_bytes import stray_volumes
from compute.app.doctor.volumes import stray_attachments, stray_disks
from compute.app.hosts import HostPlace, build_hosts
from compute.app.secret_files import read_secret
from compute.balancer.agent.service import BalancerAgentService
from compute.balancer.client import BalancerClient
from compute.core.bus import InProcessBus
from compute.core.rooms.absent import AbsentService
from compute.identity.client import (
    IdentityTokens,
    ServiceCredentials,
    ServiceTokens,
)
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.network.agent.service import NetworkAgentService, missing_requirements
from compute.network.agent.settings import NetworkKind
from compute.network.client import NetworkClient
from compute.settings import CloudSettings, Role
from compute.volume.client import VolumeClient
from objectstore.client.over_http import HttpCaller
from objectstore.client.swift import SwiftAccount
from objectstore.kernel.client import ClientPool
from objectstore.kernel.clock import SystemClock


class Doctor:
    """Looks at a running cloud from outside, and at the host that it runs on."""

    def __init__(self, settings: CloudSettings) -> None:
        """``Unavailable`` when the service's password is not to be had."""
        self._settings = settings
        self._clock = SystemClock()
        self._pool = ClientPool(settings.client, self._clock)
        self._callers = room_callers(settings, {}, self._pool)
        password = read_secret(settings.secret_file(SERVICE_PASSWORD))
        credentials = ServiceCredentials(password)
        self._tokens = ServiceTokens(
            self._callers["identity"], credentials, self._clock
        )
        self._images = ImageClient(self._callers["image"], self._tokens)
        self._instances = InstanceClient(self._callers["compute"], self._tokens)
        self._network = NetworkClient(self._callers["network"], self._tokens)
        volumes = self._callers.get("volume", AbsentService("volume"))
        self._volumes = VolumeClient(volumes, self._tokens)

    def findings(self) -> Iterator[Finding]:
        """Everything that nobody owns.  ``Unavailable`` when a service is away."""
        yield from stray_ports(self._network, self._instances)
        yield from stray_places(self._instances)
        yield from stray_segments(self._hidden_account(), self._images)
        if "volume" in self._callers:
            if self._settings.plays(Role.VOLUME):
                yield from stray_volumes(self._volumes)
            yield from stray_attachments(self._volumes, self._instances)
        if self._settings.plays(Role.AGENT):
            yield from self._guests()
        if self._has_networks():
            yield from stray_networks(self._network_agent())
        if self._settings.plays(Role.BALANCER_AGENT):
            yield from stray_balancers(self._balancer_agent())

    def notes(self) -> Iterator[str]:
        """What is no fault, and good to know: disks that still read their image."""
        if not self._settings.plays(Role.AGENT):
            return
        layout = Layout(str(self._settings.cloud.state / "agent"))
        for uuid, image_id in lazy_guests(layout).items():
            yield f"the disk of {uuid} still reads image {image_id} from the store"

    def close(self) -> None:
        """Done."""
        self._pool.close()

    def _hidden_account(self) -> SwiftAccount:
        store = HttpCaller(self._settings.cloud.object_store_url, self._pool)
        token = self._tokens.token()
        checker = IdentityTokens(self._callers["identity"], self._clock)
        project = checker.check(token, "doctor").project_id
        return SwiftAccount(store, self._tokens, f"/v1/AUTH_{project}")

    def _guests(self) -> Iterator[Finding]:
        settings = self._settings
        agent = settings.rooms["agent"]
        if agent.hypervisor is HypervisorKind.SIM and agent.simulated_hosts > 1:
            return  # such hosts are only in the memory of their agent
        hosts = build_hosts(
            agent,
            settings.rooms["libvirt"],
            HostPlace(
                settings.host,
                settings.cloud.state / "agent",
                settings.public_address.host,
            ),
            images=ImageSource(self._images, settings.host),
            known=lambda: self._instances.known_on(settings.host),
            clock=self._clock,
        )
        yield from stray_guests(hosts)
        if "volume" in self._callers:
            yield from stray_disks(hosts, self._volumes, self._instances)

    def _has_networks(self) -> bool:
        if not self._settings.plays(Role.NETWORK_AGENT) or missing_requirements():
            return False
        options = self._settings.rooms["network-agent"]
        return options.driver is NetworkKind.LINUX

    def _network_agent(self) -> NetworkAgentService:
        settings = self._settings
        return NetworkAgentService(
            settings.host,
            settings.cloud.state / "network-agent",
            settings.rooms["network-agent"],
            network=self._network,
            instances=self._instances,
            bus=InProcessBus(),
            clock=self._clock,
        )

    def _balancer_agent(self) -> BalancerAgentService:
        settings = self._settings
        return BalancerAgentService(
            settings.host,
            settings.cloud.state / "balancer-agent",
            settings.rooms["balancer-agent"],
            client=BalancerClient(self._callers["load-balancer"], self._tokens),
            bus=InProcessBus(),
            clock=self._clock,
        )
