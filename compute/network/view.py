"""All that one host needs to know of the networks: what its agent makes true.

The network API writes a ``HostView`` for each host and the host's agent reads it over
HTTP; nothing else passes between them but the agent's reports (``network.report``).  A
view is whole: what it does not name must not be on the host.  It holds

* the networks that the host has a local port of, with all their subnets, and where the
  other hosts are that have ports of them;
* the **local** ports of these networks (binding host = this host, or about to be:
  their guests are on their way): guests' ports,
  the port of the DHCP service (``network:dhcp``), ports of routers that live here;
* the security groups that local ports are in, each with its rules, and those that
  the rules name as remote group, each with the addresses of all its members, on
  whatever host they are;
* the routers that live here, their floating addresses and the ports they forward;
* how fast guests' ports and floating addresses may be.

A load balancer's port is like a guest's, with its security groups, but it leads into a
namespace of its own instead of a tap.

Ids are text with dashes.  Addresses are text without prefix length, prefixes are
text in CIDR form, both in the canonical form of Python's ``ipaddress``; MAC addresses
are in lower case with colons.
"""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass

from compute.network.host_names import HostName
from compute.network.port_names import OWNER_NETWORK_PREFIX, balancer_of
from compute.network.quality import Quality
from compute.network.view_meters import Meter as Meter
from compute.network.view_rules import Direction as Direction
from compute.network.view_rules import PacketRule as PacketRule
from compute.network.view_rules import Rule as Rule

# The topic, with the host's name behind it, on which a changed view is told.
WAKE_TOPIC_PREFIX = "network.host."


class NetworkKind(enum.Enum):
    """How a network's bridge is joined to the world."""

    LOCAL = "local"  # guests of this host only, and routers
    FLAT = "flat"  # also the interface that ``physical_network`` stands for
    EXTERNAL = "external"  # where routers have their gateway; the host is on it


class Ipv6Mode(enum.Enum):
    """Who tells guests of their IPv6 address, and how."""

    NONE = ""
    SLAAC = "slaac"
    STATEFUL = "dhcpv6-stateful"
    STATELESS = "dhcpv6-stateless"


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """To ``destination`` (a prefix) by way of ``nexthop`` (an address)."""

    destination: str
    nexthop: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """One prefix of a network.  ``gateway`` is "" when there is none."""

    id: str
    cidr: str
    gateway: str = ""
    dns_servers: tuple[str, ...] = ()
    host_routes: tuple[StaticRoute, ...] = ()
    dhcp: bool = True
    # Only where the prefix is IPv6: what routers advertise, how guests get addresses.
    ra_mode: Ipv6Mode = Ipv6Mode.NONE
    address_mode: Ipv6Mode = Ipv6Mode.NONE
    scope: str = ""  # the address scope: routers lead from none into another
    # None: routers lead everything in and out; else what no rule fits is dropped.
    packet_rules: tuple[PacketRule, ...] | None = None
    ntp_servers: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_network(self.cidr).version

    @property
    def prefix_length(self) -> int:
        """How many bits the subnet's addresses have in common."""
        return ipaddress.ip_network(self.cidr).prefixlen


@dataclass(frozen=True, slots=True)
class Remote:
    """Another host that has ports of a network: where its tunnels end, the MAC
    addresses that are to be found there, and the host's public key ("": it has told
    none, and where tunnels are encrypted nothing is sent to it)."""

    address: str
    macs: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """One layer-2 segment; a bridge on each host that has ports of it, joined by
    tunnels of the number ``segment`` where ``remotes`` have ports of it too."""

    id: str
    mtu: int
    kind: NetworkKind
    subnets: tuple[Subnet, ...] = ()
    admin_up: bool = True
    # FLAT: which of the host's uplinks; the agent's settings name the interface.
    physical_network: str = ""
    dns_domain: str = ""
    # Where the host has a port of the DHCP service.
    names: tuple[HostName, ...] = ()
    # EXTERNAL: the host's own addresses on the bridge, with prefix length (usually
    # the gateways of the subnets), and whether the host hides the network behind its
    # own address towards the rest of the world.
    host_addresses: tuple[str, ...] = ()
    masquerade: bool = False
    # LOCAL: 0 and () where the network is on no other host.
    segment: int = 0
    remotes: tuple[Remote, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedAddress:
    """One address of a port and the subnet that it is from."""

    subnet_id: str
    address: str


@dataclass(frozen=True, slots=True)
class AddressPair:
    """What a guest may also send from: an address or prefix, and a MAC address
    ("": the port's own)."""

    address: str
    mac: str = ""


@dataclass(frozen=True, slots=True)
class DhcpOption:
    """An extra DHCP option of one port: a name or number, for IPv4 or IPv6."""

    name: str
    value: str
    version: int = 4


@dataclass(frozen=True, slots=True)
class Port:
    """A local port: of a guest (any ``device_owner`` that does not begin with
    ``network:``), of the DHCP service, or of a router."""

    id: str
    network_id: str
    mac: str
    addresses: tuple[FixedAddress, ...] = ()
    device_id: str = ""
    device_owner: str = ""
    admin_up: bool = True
    port_security: bool = True
    security_groups: tuple[str, ...] = ()  # ids
    address_pairs: tuple[AddressPair, ...] = ()
    dns_name: str = ""
    dhcp_options: tuple[DhcpOption, ...] = ()
    quality: Quality = Quality()
    # A subport: the port whose guest sends and hears its frames, with that VLAN id.
    trunk_port_id: str = ""
    vlan: int = 0

    @property
    def is_guest(self) -> bool:
        """Whether it has a tap, or what is like one."""
        return not self.device_owner.startswith(OWNER_NETWORK_PREFIX)

    @property
    def balancer_id(self) -> str:
        """The load balancer whose address it is; "" for all other ports."""
        return balancer_of(self.device_owner, self.device_id)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Rules, and who the members are: the addresses (and allowed pairs' prefixes) of
    all the group's ports on all hosts, needed where a rule names it as remote.
    ``is_stateful``: answers to what the rules let pass, pass."""

    id: str
    rules: tuple[Rule, ...] = ()
    members: tuple[str, ...] = ()
    is_stateful: bool = True


@dataclass(frozen=True, slots=True)
class RouterGateway:
    """A router's port on the external network (in ``HostView.ports``)."""

    port_id: str
    snat: bool = True


@dataclass(frozen=True, slots=True)
class ConntrackHelper:
    """Flows to that port are read for the flows that they agree upon (FTP's data)."""

    helper: str  # see ``conntrack_names``
    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class Router:
    """A router that lives on this host; its ports are in ``HostView.ports``."""

    id: str
    admin_up: bool = True
    gateway: RouterGateway | None = None
    interfaces: tuple[str, ...] = ()  # port ids
    routes: tuple[StaticRoute, ...] = ()
    helpers: tuple[ConntrackHelper, ...] = ()
    meters: tuple[Meter, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatingIp:
    """An address of the external network that stands for a guest's; only those
    that are associated."""

    id: str
    router_id: str
    address: str
    fixed_address: str


@dataclass(frozen=True, slots=True)
class FloatingQuality:
    """How fast a floating address may be, whatever it leads to."""

    router_id: str
    address: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class PortForwarding:
    """Ports ``outer_first`` to ``outer_last`` of a floating address: they lead to as
    many ports of a guest's, from ``inner_first`` on, or all to that one."""

    id: str
    router_id: str
    protocol: str  # "tcp", "udp"
    address: str
    outer_first: int
    outer_last: int
    fixed_address: str
    inner_first: int
    inner_last: int


@dataclass(frozen=True, slots=True)
class HostView:
    """Everything for one host, as of ``revision`` (grows with each change)."""

    host: str
    revision: int
    networks: tuple[Network, ...] = ()
    ports: tuple[Port, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    routers: tuple[Router, ...] = ()
    floating_ips: tuple[FloatingIp, ...] = ()
    port_forwardings: tuple[PortForwarding, ...] = ()
    floating_qualities: tuple[FloatingQuality, ...] = ()
    # Whether tunnels are encrypted; then none is ever made that is not.
    encrypts_tunnels: bool = False
