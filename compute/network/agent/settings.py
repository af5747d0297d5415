"""What one host's network agent is told at its start."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compute.network.conntrack_names import CONNTRACK_HELPERS
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option

# A day: leases are static, so a short one would only cost packets.
LEASE_SECONDS = 24 * 3600
LEASE_SECONDS_MIN = 120  # dnsmasq's own
# What is wiped by hand is back within this; a message brings changes at once.
LOOK_SECONDS = 10.0


class NetworkKind(enum.Enum):
    """What carries packets."""

    LINUX = "linux"
    SIM = "sim"


@dataclass(frozen=True, slots=True)
class NetworkAgentSettings:
    """The network agent of this host."""

    driver: NetworkKind = option(
        NetworkKind.LINUX,
        "What carries packets: bridges and namespaces of linux; sim: nothing, beside"
        " simulated guests",
    )
    uplinks: tuple[str, ...] = option(
        (), "Interfaces of physical networks: name=interface, separated by commas"
    )
    lease_seconds: int = option(
        LEASE_SECONDS, "How long a DHCP lease is, in seconds", minimum=LEASE_SECONDS_MIN
    )
    metadata: bool = option(True, "Whether guests find metadata at 169.254.169.254")
    resolvers: tuple[str, ...] = option(
        (), "Name servers that networks' own resolvers ask; none: those of this host"
    )
    tunnel_address: str = option(
        "",
        "This host's IPv4 address for the tunnels between hosts; default: that of"
        " public_address, unless it is a loopback's",
    )
    look: Seconds = option(
        LOOK_SECONDS, "How often the host is looked at without a reason", minimum=0.1
    )

    def uplink_map(self) -> dict[str, str]:
        """Physical network to interface.  ``Rejected`` names a part that is neither."""
        found: dict[str, str] = {}
        for part in self.uplinks:
            name, _, interface = part.partition("=")
            if not name.strip() or not interface.strip():
                raise Rejected(400, f"uplinks: {part!r} is not name=interface")
            found[name.strip()] = interface.strip()
        return found


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """``host`` is the name that ports are bound to; ``state_directory`` keeps
    dnsmasq's files; ``uplinks`` gives the interface of each physical network;
    ``resolvers`` are the name servers that the networks' own pass questions to;
    ``tunnel_address`` is where other hosts' tunnels reach this one, ``tunnel_key`` what
    they encrypt for it with."""

    host: str
    state_directory: Path
    uplinks: Mapping[str, str] = field(default_factory=dict)
    lease_seconds: int = LEASE_SECONDS
    metadata: bool = True
    resolvers: tuple[str, ...] = ()
    tunnel_address: str = ""  # "": networks end at this host
    tunnel_key: str = ""  # public; "": no encrypted tunnel is made
    # Conntrack helpers that the kernel has, with their protocols.
    helpers: frozenset[tuple[str, str]] = CONNTRACK_HELPERS


def usable_tunnel_address(wanted: str, listens_at: str) -> str:
    """Where tunnels end: as is wanted; else where the host listens, if others can reach
    it there.  ``Rejected`` for what is no IPv4 address."""
    if wanted:
        try:
            return str(ipaddress.IPv4Address(wanted))
        except ValueError:
            raise Rejected(
                400, f"tunnel_address: {wanted!r} is no IPv4 address"
            ) from None
    try:
        address = ipaddress.IPv4Address(listens_at)
    except ValueError:
        return ""  # a name, or an address of IPv6
    return "" if address.is_loopback or address.is_unspecified else str(address)


def usable_resolvers(text: str) -> tuple[str, ...]:
    """The name servers in the text of a ``resolv.conf`` that others can ask too: those
    on this host's loopback answer nobody else."""
    found: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            address = ipaddress.ip_address(words[1])
        except ValueError:
            continue
        # DHCP services have a way out for IPv4 only.
        if address.version == 4 and not address.is_loopback:
            found.append(str(address))
    return tuple(found)
