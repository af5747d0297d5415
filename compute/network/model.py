"""The room's records: frozen, one for each row; and the words their fields hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

ACTIVE, DOWN, BUILD, ERROR = "ACTIVE", "DOWN", "BUILD", "ERROR"
STATUSES = (ACTIVE, DOWN, BUILD, ERROR)

INGRESS, EGRESS = "ingress", "egress"
IPV4, IPV6 = "IPv4", "IPv6"

COMPUTE_OWNER_PREFIX = "compute:"
NETWORK_OWNER_PREFIX = "network:"

# Routes, pools and such are lists of small JSON objects, as the API has them.
Items = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What everything that the API shows has.  ``revision`` grows with each change."""

    id: str
    project_id: str
    name: str = ""
    description: str = ""
    revision: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Resource):
    """A layer-2 segment."""

    admin_up: bool
    status: str
    mtu: int
    external: bool
    shared: bool
    is_default: bool
    port_security: bool
    network_type: str
    physical_network: str
    dns_domain: str
    availability_zone_hints: Sequence[str]
    qos_policy_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet(Resource):
    """A prefix of a network.  ``pools``: items with ``start`` and ``end``;
    ``host_routes``: items with ``destination`` and ``nexthop``; ``packet_rules``: see
    ``security.packet_rules``."""

    network_id: str
    version: int
    cidr: str
    gateway: str
    dhcp: bool
    ra_mode: str
    address_mode: str
    dns_servers: Sequence[str]
    host_routes: Items
    pools: Items
    service_types: Sequence[str]
    subnet_pool_id: str
    packet_rules: Items | None = None
    ntp_servers: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port(Resource):
    """Where a device touches a network."""

    network_id: str
    mac: str
    admin_up: bool
    status: str
    device_id: str
    device_owner: str
    host: str
    vnic_type: str
    profile: Mapping[str, Any]
    port_security: bool
    address_pairs: Items
    dhcp_options: Sequence[Mapping[str, Any]]
    dns_name: str
    dns_domain: str = ""
    qos_policy_id: str = ""

    @property
    def is_guest(self) -> bool:
        """Whether it is no part of the network's own services."""
        return not self.device_owner.startswith(NETWORK_OWNER_PREFIX)


@dataclass(frozen=True, slots=True)
class FixedAddress:
    """An address that a port has."""

    subnet_id: str
    address: str
    number: str
    port_id: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup(Resource):
    """A set of rules.  ``default_of``: the project whose default group it is."""

    stateful: bool
    default_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule(Resource):
    """What may pass.  ``protocol``: a name or number as it was given, "" for any."""

    group_id: str
    direction: str
    ethertype: str
    protocol: str
    port_min: int | None
    port_max: int | None
    remote_prefix: str
    remote_group_id: str
    remote_address_group_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRule(Resource):
    """What new groups begin with: those of projects (``in_default``), those that
    users make (``in_others``).  ``remote_group_id`` may be ``PARENT``: the group
    itself."""

    direction: str
    ethertype: str
    protocol: str
    port_min: int | None
    port_max: int | None
    remote_prefix: str
    remote_group_id: str
    remote_address_group_id: str
    in_default: bool
    in_others: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressGroup(Resource):
    """Prefixes under a name."""

    addresses: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Router(Resource):
    """``host``: where it lives, "" as long as no host could be chosen;
    ``qos_policy_id``: its gateway's."""

    admin_up: bool
    status: str
    host: str
    external_network_id: str
    gateway_port_id: str
    snat: bool
    routes: Items
    availability_zone_hints: Sequence[str]
    qos_policy_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingIp(Resource):
    """An address of an external network, and the port it stands for, if any."""

    external_network_id: str
    floating_port_id: str
    address: str
    port_id: str | None
    fixed_address: str | None
    router_id: str
    status: str
    changed_at: int
    dns_name: str = ""
    dns_domain: str = ""
    qos_policy_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortForwarding(Resource):
    """Ports of a floating IP that lead to ports of an address: ``outer_first`` to
    ``outer_last`` to as many inner ones, or all to a single one."""

    floating_ip_id: str
    port_id: str
    fixed_address: str
    protocol: str
    outer_first: int
    outer_last: int
    inner_first: int
    inner_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConntrackHelper(Resource):
    """A router reads flows to that port for the flows that they agree upon."""

    router_id: str
    helper: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetPool(Resource):
    """Prefixes that subnets are cut from."""

    version: int
    prefixes: Sequence[str]
    prefix_length_default: int
    prefix_length_min: int
    prefix_length_max: int
    shared: bool
    is_default: bool
    address_scope_id: str
    quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressScope(Resource):
    """Where addresses are unique across pools."""

    version: int
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QosPolicy(Resource):
    """Rules on the speed of ports and floating IPs, and on their marks."""

    shared: bool
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthRule(Resource):
    """How fast, in kilobits a second, and how much at once, in kilobits (0: what is
    usual)."""

    policy_id: str
    max_kbps: int
    max_burst_kbps: int
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DscpRule(Resource):
    """The mark of packets that are sent."""

    policy_id: str
    dscp_mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RbacPolicy(Resource):
    """A network lent to one more project (``*``: to all)."""

    object_type: str
    object_id: str
    action: str
    target_project: str


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent of one host, by its last report."""

    id: str
    host: str
    created_at: float
    started_at: float
    heartbeat_at: float
    admin_up: bool
    description: str
    revision: int
    problem: str
