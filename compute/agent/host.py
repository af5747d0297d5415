"""One host as its agent knows it, and one job on it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from compute.agent.disks.port import GuestDisks
from compute.agent.hypervisor import GRACE_SECONDS, Hypervisor
from compute.agent.moves.streams import Connect
from compute.agent.relays import NO_RELAYS, VolumeRelays
from compute.image.client import ImageClient
from compute.instance.client import ClaimedJob, InstanceClient, Server
from compute.network.client import NetworkClient
from compute.volume.client import VolumeClient
from objectstore.client.caller import Caller
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable


def _nobody(url: str) -> NoReturn:
    raise Unavailable(f"no other agent can be reached from here: {url}")


def has_device(name: str) -> bool:
    """Whether this host has a network device of that name."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class HostKit:
    """What one host works with.

    ``lazy``: root disks start before their image is here.  ``waits_for_ports``: a
    guest starts only when the network's agent has wired its ports up (a simulated
    host has no wires).  ``address``: where the host can be reached, for consoles;
    ``url``: where other agents find its door (``moves.door``); ``has_device``: whether
    there is a network device of that name.
    """

    name: str
    hypervisor: Hypervisor
    disks: GuestDisks
    lazy: bool = False
    waits_for_ports: bool = True
    address: str = ""
    url: str = ""
    grace_seconds: float = GRACE_SECONDS
    relays: VolumeRelays = NO_RELAYS  # to volumes of other hosts
    has_device: Callable[[str], bool] = has_device


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The services that an agent calls."""

    instances: InstanceClient
    network: NetworkClient
    images: ImageClient
    volumes: VolumeClient
    clock: Clock
    peers: Callable[[str], Caller] = _nobody  # the agent at a URL
    connect: Connect = _nobody  # to it, for streams


@dataclass(slots=True)
class Work:
    """One job: what its steps work with.  ``progress`` is kept with the next step
    that is recorded; ``server`` is read again when a step has changed it."""

    kit: HostKit
    neighbours: Neighbours
    job: ClaimedJob
    server: Server
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        """The guest's."""
        return self.server.id

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The job's."""
        return self.job.arguments

    def set_device(self, device_id: str, **values: Any) -> None:
        """These values of the server's block device changed."""
        self.neighbours.instances.set_device(self.uuid, device_id, **values)
        self.server = self.neighbours.instances.server(self.uuid)

    def drop_device(self, device_id: str) -> None:
        """The server has that block device no more."""
        self.neighbours.instances.drop_device(self.uuid, device_id)
        self.server = self.neighbours.instances.server(self.uuid)

    def set_vifs(self, vifs: list[dict[str, Any]]) -> None:
        """The server's interfaces are these now."""
        self.server = self.neighbours.instances.update(self.uuid, vifs=vifs)
