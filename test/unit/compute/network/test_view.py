"""Views and reports survive the wire, and nothing else passes for one."""

from __future__ import annotations

import orjson
import pytest

from compute.network.port_names import tap_name
from compute.network.report import AgentReport, PortStatus
from compute.network.view import (
    AddressPair,
    DhcpOption,
    Direction,
    FixedAddress,
    FloatingIp,
    HostView,
    Ipv6Mode,
    Network,
    NetworkKind,
    Port,
    PortForwarding,
    Router,
    RouterGateway,
    Rule,
    SecurityGroup,
    StaticRoute,
    Subnet,
)
from compute.network.view_wire import (
    decode_report,
    decode_view,
    encode_report,
    encode_view,
)
from objectstore.kernel.errors import Corrupt

VIEW = HostView(
    host="host-1",
    revision=7,
    networks=(
        Network(
            "net-1",
            1450,
            NetworkKind.LOCAL,
            (
                Subnet("s4", "10.0.0.0/24", "10.0.0.1", ("9.9.9.9",)),
                Subnet(
                    "s6",
                    "fd00::/64",
                    host_routes=(StaticRoute("fd01::/64", "fd00::9"),),
                    ra_mode=Ipv6Mode.SLAAC,
                ),
            ),
        ),
    ),
    ports=(
        Port(
            "port-1",
            "net-1",
            "fa:16:3e:00:00:01",
            (FixedAddress("s4", "10.0.0.5"),),
            security_groups=("g",),
            address_pairs=(AddressPair("10.0.0.128/25"),),
            dhcp_options=(DhcpOption("mtu", "1400"),),
        ),
    ),
    security_groups=(
        SecurityGroup(
            "g", (Rule("r", Direction.INGRESS, 4, 6, 22, 22),), ("10.0.0.5",)
        ),
    ),
    routers=(Router("router-1", True, RouterGateway("gw"), ("if",)),),
    floating_ips=(FloatingIp("f", "router-1", "172.24.4.9", "10.0.0.5"),),
    port_forwardings=(
        PortForwarding(
            "p", "router-1", "udp", "172.24.4.8", 53, 54, "10.0.0.5", 5353, 5354
        ),
    ),
)


def test_a_view_survives_the_wire() -> None:
    assert decode_view(encode_view(VIEW)) == VIEW


def test_a_report_survives_the_wire() -> None:
    report = AgentReport("host-1", 7, (PortStatus("port-1", True),), "no dnsmasq")
    assert decode_report(encode_report(report)) == report


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("revision",), "7", r"HostView\.revision is not of type int"),
        (("revision",), True, r"revision is not of type int"),
        (("ports",), {}, r"HostView\.ports is not a list"),
        (("networks", 0, "kind"), "vlan", r"networks\[0\]\.kind: 'vlan' is no"),
        (("networks", 0, "speed"), 1, r"networks\[0\]: missing or unknown: speed"),
        (("routers", 0, "gateway"), 3, r"gateway is not an object"),
        (("routers", 0, "gateway"), None, ""),
    ],
)
def test_what_is_wrong_is_named(
    path: tuple[str | int, ...], value: object, message: str
) -> None:
    document = orjson.loads(encode_view(VIEW))
    place = document["value"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    data = orjson.dumps(document)
    if not message:
        assert decode_view(data).routers[0].gateway is None
        return
    with pytest.raises(Corrupt, match=message):
        decode_view(data)


def test_another_version_and_other_things_are_refused() -> None:
    for data in (b"", b"[]", b'{"version": 2, "value": {}}', b'{"value": 1}'):
        with pytest.raises(Corrupt):
            decode_view(data)


def test_a_missing_field_is_refused() -> None:
    document = orjson.loads(encode_view(VIEW))
    del document["value"]["floating_ips"]
    with pytest.raises(Corrupt, match="missing or unknown: floating_ips"):
        decode_view(orjson.dumps(document))


def test_tap_names_are_short() -> None:
    assert tap_name("0123abcd-ef01-4567-89ab-0123456789ab") == "tap0123abcd-ef"
