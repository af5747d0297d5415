"""Views that the agent's unit tests share."""

from __future__ import annotations

from pathlib import Path

from compute.network.agent.settings import AgentSettings
from compute.network.host_names import HostName
from compute.network.port_names import (
    OWNER_DHCP,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
)
from compute.network.quality import Bandwidth, PacketRate, Quality
from compute.network.view import (
    AddressPair,
    DhcpOption,
    Direction,
    FixedAddress,
    FloatingIp,
    FloatingQuality,
    HostView,
    Ipv6Mode,
    Network,
    NetworkKind,
    PacketRule,
    Port,
    PortForwarding,
    Router,
    RouterGateway,
    Rule,
    SecurityGroup,
    StaticRoute,
    Subnet,
)
from compute.network.view_meters import Meter, MeterRule

SETTINGS = AgentSettings(
    "host-1", Path("/nowhere"), {"office": "eth1"}, resolvers=("192.0.2.53",)
)

PACKET_RULES = (
    PacketRule(False, Rule("0", Direction.INGRESS, 4, remote_prefix="192.0.2.0/24")),
    PacketRule(True, Rule("1", Direction.INGRESS, 4, 6, 22, 22)),
    PacketRule(True, Rule("2", Direction.INGRESS, 4, 1, 8, 0)),
    PacketRule(True, Rule("3", Direction.EGRESS, 4, 17, 1024, 65535, "10.0.0.0/8")),
    PacketRule(True, Rule("4", Direction.EGRESS, 4)),
)

RED = Network(
    "1ed00000-0000-4000-8000-000000000001",
    1450,
    NetworkKind.LOCAL,
    (
        Subnet(
            "red-4",
            "10.1.0.0/24",
            "10.1.0.1",
            ("9.9.9.9", "1.1.1.1"),
            (StaticRoute("10.9.0.0/16", "10.1.0.9"),),
            packet_rules=PACKET_RULES,
            ntp_servers=("192.0.2.123", "192.0.2.124"),
        ),
        Subnet(
            "red-6",
            "fd00:1::/64",
            "fd00:1::1",
            ("fd00::53",),
            ra_mode=Ipv6Mode.STATEFUL,
            address_mode=Ipv6Mode.STATEFUL,
            packet_rules=(),
        ),
    ),
    dns_domain="red.example.",
    names=(
        HostName("10.1.0.7", "seven"),
        HostName("10.1.0.70", "seventy.on.another.host.example"),
        HostName("10.1.0.71", "a\nb"),
        HostName("fd00:1::7", "seven"),
    ),
)
OFFICE = Network(
    "0ff1ce00-0000-4000-8000-000000000002",
    1500,
    NetworkKind.FLAT,
    (Subnet("office-4", "192.0.2.0/24", dhcp=False),),
    physical_network="office",
)
OUTER = Network(
    "0c7e4000-0000-4000-8000-000000000003",
    1500,
    NetworkKind.EXTERNAL,
    (Subnet("outer-4", "172.24.4.0/24", "172.24.4.1", dhcp=False),),
    host_addresses=("172.24.4.1/24",),
    masquerade=True,
)
WEB = "9e500000-0000-4000-8000-000000000004"
DATABASE = "9e500000-0000-4000-8000-000000000005"
ROUTER = "5074e500-0000-4000-8000-000000000006"

GUEST = Port(
    "aaaaaaaa-aaaa-4000-8000-000000000007",
    RED.id,
    "fa:16:3e:00:00:07",
    (FixedAddress("red-4", "10.1.0.7"), FixedAddress("red-6", "fd00:1::7")),
    device_id="server-7",
    device_owner="compute:nova",
    security_groups=(WEB, DATABASE),
    address_pairs=(
        AddressPair("10.1.0.128/25"),
        AddressPair("fd00:99::/64", "fa:16:3e:00:00:99"),
    ),
    dns_name="seven",
    dhcp_options=(DhcpOption("bootfile-name", "pxe.0"), DhcpOption("23", "x", 6)),
    quality=Quality(
        Bandwidth(4000, 800), Bandwidth(8000), 10, PacketRate(5, 2), PacketRate(8)
    ),
)
OPEN_GUEST = Port(
    "bbbbbbbb-bbbb-4000-8000-000000000008",
    OFFICE.id,
    "fa:16:3e:00:00:08",
    device_owner="compute:nova",
    port_security=False,
)
DHCP_PORT = Port(
    "dddddddd-dddd-4000-8000-000000000009",
    RED.id,
    "fa:16:3e:00:00:09",
    (FixedAddress("red-4", "10.1.0.2"), FixedAddress("red-6", "fd00:1::2")),
    device_owner=OWNER_DHCP,
)
ROUTER_PORT = Port(
    "eeeeeeee-eeee-4000-8000-00000000000a",
    RED.id,
    "fa:16:3e:00:00:0a",
    (FixedAddress("red-4", "10.1.0.1"), FixedAddress("red-6", "fd00:1::1")),
    device_id=ROUTER,
    device_owner=OWNER_ROUTER_INTERFACE,
)
GATEWAY_PORT = Port(
    "ffffffff-ffff-4000-8000-00000000000b",
    OUTER.id,
    "fa:16:3e:00:00:0b",
    (FixedAddress("outer-4", "172.24.4.2"),),
    device_id=ROUTER,
    device_owner=OWNER_ROUTER_GATEWAY,
)

GROUPS = (
    SecurityGroup(
        WEB,
        (
            Rule("r1", Direction.EGRESS, 4),
            Rule("r2", Direction.EGRESS, 6),
            Rule("r3", Direction.INGRESS, 4, 6, 80, 81),
            Rule("r4", Direction.INGRESS, 4, 1, 8, 0),
            Rule("r5", Direction.INGRESS, 6, 1, 128),
            Rule("r6", Direction.INGRESS, 4, 6, 22, 22, remote_prefix="203.0.113.9/24"),
            Rule("r7", Direction.INGRESS, 4, 112),
        ),
        ("10.1.0.7", "10.1.0.6", "fd00:1::7"),
    ),
    SecurityGroup(
        DATABASE,
        (
            Rule("r8", Direction.INGRESS, 4, 6, 5432, 5432, remote_group=WEB),
            Rule("r9", Direction.INGRESS, 6, 6, 5432, 5432, remote_group=WEB),
            Rule("ra", Direction.INGRESS, 4, remote_group="of-nobody"),
        ),
    ),
)

VIEW = HostView(
    "host-1",
    3,
    (RED, OFFICE, OUTER),
    (GUEST, OPEN_GUEST, DHCP_PORT, ROUTER_PORT, GATEWAY_PORT),
    GROUPS,
    (
        Router(
            ROUTER,
            gateway=RouterGateway(GATEWAY_PORT.id),
            interfaces=(ROUTER_PORT.id,),
            routes=(StaticRoute("10.7.0.0/16", "10.1.0.77"),),
            meters=(
                Meter(
                    "5e7e4000-0000-4000-8000-00000000000c",
                    "project-a",
                    (
                        MeterRule(Direction.INGRESS, source="0.0.0.0/0"),
                        MeterRule(Direction.EGRESS, False, "10.1.0.0/24", "8.8.0.0/16"),
                        MeterRule(Direction.EGRESS, destination="2001:db8::/32"),
                        MeterRule(Direction.INGRESS, True, "192.0.2.0/24"),
                    ),
                ),
            ),
        ),
    ),
    (FloatingIp("fip", ROUTER, "172.24.4.101", "10.1.0.7"),),
    (
        PortForwarding(
            "pf1", ROUTER, "tcp", "172.24.4.102", 2222, 2222, "10.1.0.7", 22, 22
        ),
        PortForwarding(
            "pf2", ROUTER, "udp", "172.24.4.102", 5000, 5001, "10.1.0.8", 53, 54
        ),
        PortForwarding(
            "pf3", ROUTER, "tcp", "172.24.4.102", 8080, 8081, "10.1.0.8", 80, 80
        ),
    ),
    (
        FloatingQuality(
            ROUTER,
            "172.24.4.101",
            Quality(egress_packets=PacketRate(3), ingress_packets=PacketRate(4, 1)),
        ),
    ),
)
