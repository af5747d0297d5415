"""The hosts that one agent looks after: a real one, or any number of simulated ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from compute.agent.disks.backing import backing_paths
from compute.agent.disks.cache import ImageCache
from compute.agent.disks.holds import ImageHolds
from compute.agent.disks.layout import Layout
from compute.agent.disks.local import LocalDisks
from compute.agent.disks.nbd_server import NbdServer
from compute.agent.disks.ranges import ImageRanges
from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.libvirt.settings import LibvirtSettings
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import ACTIVE_STATES
from compute.agent.host import HostKit
from compute.agent.hypervisor import Hypervisor
from compute.agent.image_source import ImageSource
from compute.agent.leftovers import KnownServers, Leftovers
from compute.agent.relays import SimRelays, StorageRelays
from compute.agent.settings import GuestAgentSettings, HypervisorKind
from compute.agent.upkeep import Upkeep
from compute.network.agent.settings import NetworkKind
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Loop
from objectstore.kernel.system_disk import SystemDisk

UPKEEP_SECONDS = 15.0

_log = logging.getLogger("compute.agent")


@dataclass(frozen=True, slots=True)
class HostPlace:
    """Which host this is.  ``state``: where its guests' files are; ``address``: where
    other hosts reach it; ``url``: where they reach its agent ("": nowhere)."""

    name: str
    state: Path
    address: str
    url: str = ""


class Stoppable(Protocol):
    """Something that runs beside the agent."""

    def stop(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts, and what runs beside their agent.  ``layout``: where a real host's
    guests have their consoles; None for simulated ones."""

    kits: Mapping[str, HostKit]
    loops: tuple[Loop, ...] = ()
    layout: Layout | None = None
    cache: ImageCache | None = None
    nbd: NbdServer | None = None
    daemon: Stoppable | None = None
    ends_guests: bool = False
    leftovers: Mapping[str, Leftovers] = field(default_factory=dict)
    # Where the streams of guests that move here lead: by server's id and name.
    move_socket: Callable[[str, str], str] | None = None

    def start(self) -> None:
        """What guests need before they can start."""
        if self.cache is not None:
            # What a killed fetch left; not earlier, or the doctor would never see it.
            with suppress(RingstackError):
                self.cache.sweep()
        if self.nbd is not None:
            self.nbd.start()

    def stop(self) -> None:
        """Guests run on, unless they are to end with us."""
        if self.ends_guests:
            for kit in self.kits.values():
                _power_off(kit.hypervisor)
            if self.daemon is not None:
                self.daemon.stop()
        if self.nbd is not None:
            self.nbd.stop()


def _power_off(hypervisor: Hypervisor) -> None:
    """Their disks stay; what should run is missing then, and the next agent starts
    it again."""
    try:
        hypervisor.open()
        for uuid, state in hypervisor.states().items():
            if state in ACTIVE_STATES:
                hypervisor.destroy(uuid)
        hypervisor.close()
    except RingstackError as error:
        _log.warning("guests are left running: %s", error)


def build_hosts(
    settings: GuestAgentSettings,
    libvirt: LibvirtSettings,
    place: HostPlace,
    *,
    images: ImageSource,
    known: KnownServers,
    clock: Clock,
) -> Hosts:
    """The hosts of this process' agent.  May take seconds: KVM is tried out."""
    if settings.hypervisor is HypervisorKind.SIM:
        return _simulated(settings, place, known, clock)
    return _real(settings, libvirt, place, images, known, clock)


def simulated_names(settings: GuestAgentSettings, name: str) -> list[str]:
    """``name`` alone, or ``name-0001`` and so on."""
    count = settings.simulated_hosts
    return [name] if count == 1 else [f"{name}-{n:04}" for n in range(1, count + 1)]


def check_networks(networks: NetworkKind, guests: HypervisorKind) -> None:
    """Networks that carry nothing are for simulated guests.  ``Unavailable``: real ones
    would stand there without any, and be told active."""
    if networks is NetworkKind.SIM and guests is not HypervisorKind.SIM:
        raise Unavailable(
            "[network-agent] driver = sim is for [agent] hypervisor = sim, not"
            f" {guests.value}"
        )


def _simulated(
    settings: GuestAgentSettings, place: HostPlace, known: KnownServers, clock: Clock
) -> Hosts:
    names = simulated_names(settings, place.name)
    # A thousand hosts' files would only be synced for nothing.
    file = None
    if len(names) == 1:
        file = StateFile(SystemDisk(), str(place.state / "guests.json"))
    kits = {}
    for each in names:
        hypervisor = SimHypervisor(SimHost(each), clock=clock, state_file=file)
        kits[each] = HostKit(
            each,
            hypervisor,
            SimDisks(),
            waits_for_ports=False,
            url=place.url,
            relays=SimRelays(),
        )
    place.state.mkdir(parents=True, exist_ok=True)
    found = {host: Leftovers(kit.hypervisor, known) for host, kit in kits.items()}
    return Hosts(kits, leftovers=found)


def _real(
    settings: GuestAgentSettings,
    libvirt: LibvirtSettings,
    place: HostPlace,
    images: ImageSource,
    known: KnownServers,
    clock: Clock,
) -> Hosts:
    # Imported here: a host of simulated guests has no libvirt.
    from compute.agent.drivers.libvirt.build import build_hypervisor, daemon_socket
    from compute.agent.drivers.libvirt.host import HostSize
    from compute.agent.drivers.libvirt.moving import socket_at_destination
    from compute.agent.drivers.lxc.build import build_containers

    state = str(place.state)
    place.state.mkdir(parents=True, exist_ok=True)
    layout = Layout(state)
    ranges = ImageRanges(images, clock)
    cache = ImageCache(
        layout.images,
        images,
        bytes_max=settings.image_cache,
        clock=clock,
        in_use=lambda: backing_paths(layout),
    )
    holds = ImageHolds(layout, images, clock)
    disks = LocalDisks(layout, cache, ranges, holds, lazy_from_bytes=settings.lazy_from)
    size = HostSize(place.name, state)
    hypervisor, daemon = (
        build_containers(libvirt, size, state, layout.sockets, clock)
        if settings.hypervisor is HypervisorKind.LXC
        else build_hypervisor(libvirt, size, state, clock)
    )
    kit = HostKit(
        place.name,
        hypervisor,
        disks,
        lazy=settings.lazy,
        address=place.address,
        url=place.url,
        grace_seconds=settings.grace,
        relays=StorageRelays(place.state / "relays", layout.sockets),
    )
    upkeep = Upkeep(hypervisor, disks, cache, holds)
    return Hosts(
        {place.name: kit},
        loops=(Loop(upkeep, idle_seconds=UPKEEP_SECONDS),),
        layout=layout,
        cache=cache,
        nbd=NbdServer(layout.lazy_socket, ranges),
        daemon=daemon,
        ends_guests=settings.ends_with_us,
        leftovers={
            place.name: Leftovers(hypervisor, known, layout=layout, cache=cache)
        },
        move_socket=lambda uuid, stream: socket_at_destination(
            uuid, stream, daemon_socket(libvirt, daemon)
        ),
    )
