"""The options of an inventory's sections, and what each is when it is not given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compute.agent.settings import HypervisorKind
from compute.deploy.model import HostState, Part
from objectstore.kernel.settings import option
from ring.ring import PART_POWER_MAX


@dataclass(frozen=True, slots=True)
class CloudWish:
    """Names and addresses of the whole."""

    region: str = option("RegionOne", "The region's name in the catalogue")
    public_url: str = option(
        "", "How clients reach the cloud; default: the first control host's address"
    )
    store_url: str = option(
        "", "How clients reach the store; default: the first proxy's address"
    )
    database: str = option(
        "", "The database's URL; default: an SQLite file of the one control host"
    )
    tls: bool = option(
        True, "Encrypt what clients and hosts say; no: the wires are yours alone"
    )
    encrypt_tunnels: bool = option(
        False, "Encrypt what guests say across hosts (WireGuard, UDP port 51889)"
    )
    certificate: Path | None = option(
        None, "Your own certificate chain for clients (PEM); default: the site's"
    )
    private_key: Path | None = option(None, "Its key (PEM)")
    authority: Path | None = option(
        None, "Certificates of who signed it (PEM): hosts believe these too"
    )
    federation: Path | None = option(
        None, "Your file of identity providers, for control hosts; its secrets too"
    )
    port: int = option(5000, "Of the control hosts", minimum=1, maximum=65535)
    agent_port: int = option(7000, "Of compute hosts", minimum=1, maximum=65535)
    releases: int = option(
        2, "How many are kept: the one that runs, and those before", minimum=2
    )
    user: str = option("ringstack", "Whom the services run as")
    ssh_user: str = option("root", "Who signs in; others than root need sudo")
    ssh_port: int = option(22, "Where hosts' sshd listens", minimum=1, maximum=65535)
    ssh_key: Path | None = option(None, "The private key; default: ssh's own")
    known_hosts: Path | None = option(
        None, "Hosts' keys; default: the first ones seen are kept, and it is said"
    )


@dataclass(frozen=True, slots=True)
class StoreWish:
    """Rings, policies and users of the object store."""

    part_power: int = option(
        14, "2 to this are the partitions, for ever", minimum=1, maximum=PART_POWER_MAX
    )
    replicas: int = option(3, "Copies of everything", minimum=1, maximum=16)
    min_part_hours: int = option(
        1, "How long a partition rests after it moved", minimum=0, maximum=1000
    )
    weight_step: int = option(
        25,
        "Percent of its weight that a device gains or loses in one run",
        minimum=1,
        maximum=100,
    )
    policies: tuple[str, ...] = option(
        ("Policy-0",),
        "Storage policies by index; the first is the default; NAME:4+2: fragments",
    )
    devices: Path = option(Path("/srv/node"), "The directory that holds the devices")
    mount_check: bool = option(
        True, "Refuse a device directory that is not a mount point"
    )
    port: int = option(8080, "Of proxies", minimum=1, maximum=65535)
    node_port: int = option(6200, "Of store nodes", minimum=1, maximum=65535)
    workers: int = option(1, "Processes of each server", minimum=1, maximum=256)
    users: tuple[str, ...] = option(
        (), "ACCOUNT:NAME [GROUP ...] whom the store knows without identity"
    )


@dataclass(frozen=True, slots=True)
class HostWish:
    """A machine."""

    address: str = option(text="Where it is: an IP address")
    roles: tuple[Part, ...] = option(text="What it is for")
    zone: int = option(1, "What may fail together", minimum=0, maximum=1_000_000)
    region: int = option(1, "Zones near each other", minimum=0, maximum=1_000_000)
    devices: tuple[str, ...] = option(
        (), "NAME WEIGHT of each device; drained: give all away"
    )
    hypervisor: HypervisorKind = option(HypervisorKind.LIBVIRT, "What runs guests")
    state: HostState = option(HostState.PRESENT, "drained: give everything away")
    ssh_user: str = option("", "If not the cloud's")
    ssh_port: int = option(0, "If not the cloud's", minimum=0, maximum=65535)
