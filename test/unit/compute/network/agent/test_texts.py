"""What is written for nft and dnsmasq, against texts that somebody has read.

    RINGSTACK_GOLDEN=write pytest test/unit/compute/network/agent/test_texts.py

writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.names import bridge_name, dhcp_namespace, router_namespace
from compute.network.port_names import tap_name
from compute.network.view import (
    Direction,
    FloatingIp,
    Ipv6Mode,
    NetworkKind,
    RouterGateway,
    Rule,
    SecurityGroup,
)
from test.unit.compute.network.agent import views

GOLDEN = Path(__file__).parent / "golden"
DESIRED = desired_state(
    views.VIEW, views.SETTINGS, assign_zones(views.VIEW.networks, {})
)
DHCP = DESIRED.processes[dhcp_namespace(views.RED.id)]
ADVERTISING = DESIRED.processes[router_namespace(views.ROUTER)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host.nft", DESIRED.rules),
        ("router.nft", DESIRED.namespaces[router_namespace(views.ROUTER)].rules),
        ("dhcp.conf", DHCP.config),
        ("dhcp.hosts", DHCP.hosts),
        ("dhcp.options", DHCP.options),
        ("dhcp.names", DHCP.names),
        ("router.conf", ADVERTISING.config),
    ],
)
def test_texts_are_as_read(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("RINGSTACK_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def _guest_rules(**what: object) -> str:
    port = replace(views.GUEST, **what)  # type: ignore[arg-type]
    view = replace(views.VIEW, ports=(port,))
    return desired_state(view, views.SETTINGS, assign_zones(view.networks, {})).rules


def test_a_port_without_security_is_not_named_in_chains() -> None:
    text = _guest_rules(port_security=False)
    assert "chain egress_tap" not in text
    assert 'iifname { "tapaaaaaaaa-aa" } accept' in text


def test_a_port_without_addresses_may_only_ask_for_one() -> None:
    text = _guest_rules(addresses=(), address_pairs=())
    assert "arp saddr ip" not in text
    assert "ip saddr 0.0.0.0 udp sport 68 udp dport 67 return" in text


def test_groups_that_are_not_given_let_nothing_pass() -> None:
    text = _guest_rules(security_groups=("unknown",))
    assert "unknown" not in text


def test_prefixes_inside_one_another_are_joined() -> None:
    pairs = (views.AddressPair("10.1.0.0/24"), views.AddressPair("10.1.0.5"))
    text = _guest_rules(address_pairs=pairs)
    assert "ip saddr { 10.1.0.0/24 } return" in text


def test_half_open_port_ranges() -> None:
    rules = (
        Rule("a", Direction.INGRESS, 4, 17, 100, None),
        Rule("b", Direction.INGRESS, 4, 17, None, 100),
    )
    view = replace(views.VIEW, security_groups=(SecurityGroup(views.WEB, rules),))
    text = desired_state(view, views.SETTINGS, assign_zones(view.networks, {})).rules
    assert "th dport 100-65535 accept" in text
    assert "th dport 0-100 accept" in text


def test_zones_are_kept_and_never_shared() -> None:
    networks = [
        replace(views.RED, id=f"{number:08x}", kind=NetworkKind.LOCAL)
        for number in range(500)
    ]
    zones = assign_zones(networks, {"00000000": 7})
    assert zones["00000000"] == 7
    assert len(set(zones.values())) == 500
    assert assign_zones(networks, zones) == zones
    assert assign_zones([views.OUTER], {}) == {views.OUTER.id: 0}


@pytest.mark.parametrize(
    ("mode", "inside", "router"),
    [
        (Ipv6Mode.SLAAC, "", "ra-only"),
        (Ipv6Mode.STATELESS, "static,64\n", "ra-stateless"),
        (Ipv6Mode.STATEFUL, "static,64,86400s", "static,64"),
    ],
)
def test_modes_of_ipv6(mode: Ipv6Mode, inside: str, router: str) -> None:
    four, six = views.RED.subnets
    subnets = (four, replace(six, ra_mode=mode, address_mode=mode))
    network = replace(views.RED, subnets=subnets)
    view = replace(views.VIEW, networks=(network, views.OFFICE, views.OUTER))
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    own = desired.processes[dhcp_namespace(network.id)].config
    assert "enable-ra" not in own
    assert (f"red-6,fd00:1::,{inside}" in own) if inside else ("fd00:1::," not in own)
    assert (
        f"fd00:1::,{router}" in desired.processes[router_namespace(views.ROUTER)].config
    )


def test_without_a_router_the_dhcp_service_advertises() -> None:
    four, six = views.RED.subnets
    slaac = replace(six, ra_mode=Ipv6Mode.SLAAC, address_mode=Ipv6Mode.SLAAC)
    network = replace(views.RED, subnets=(four, slaac))
    view = replace(views.VIEW, networks=(network,), routers=())
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    own = desired.processes[dhcp_namespace(network.id)].config
    assert "enable-ra" in own and "fd00:1::,ra-only,64" in own
    assert ",60,0\n" in own  # it is nobody's gateway


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bootfile-name", "a\nport=1"),
        ("bootfile-name", ""),
        ("bootfile-name", 'a"b'),
        ("x y", "v"),
        ("0", "v"),
        ("255", "v"),
        ("a,b", "v"),
    ],
)
def test_options_that_could_harm_are_dropped(name: str, value: str) -> None:
    port = replace(views.GUEST, dhcp_options=(views.DhcpOption(name, value),))
    view = replace(views.VIEW, ports=(port, views.DHCP_PORT))
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    assert desired.processes[dhcp_namespace(views.RED.id)].options == ""


def test_names_that_are_none_are_dropped() -> None:
    port = replace(views.GUEST, dns_name="a,b")
    view = replace(views.VIEW, ports=(port, views.DHCP_PORT))
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    process = desired.processes[dhcp_namespace(views.RED.id)]
    assert "a,b" not in process.hosts + process.names


def test_a_name_that_is_not_told_is_in_no_lease() -> None:
    network = replace(views.RED, names=())
    view = replace(views.VIEW, networks=(network, views.OFFICE, views.OUTER))
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    process = desired.processes[dhcp_namespace(network.id)]
    assert views.GUEST.dns_name in DHCP.hosts
    assert views.GUEST.dns_name not in process.hosts + process.names


def test_a_lent_address_leads_out_of_a_scope_without_translation_of_its_own() -> None:
    subnets = tuple(replace(each, scope="mine") for each in views.RED.subnets)
    (router,) = views.VIEW.routers
    view = replace(
        views.VIEW,
        networks=(replace(views.RED, subnets=subnets), views.OFFICE, views.OUTER),
        routers=(replace(router, gateway=RouterGateway(views.GATEWAY_PORT.id, False)),),
        floating_ips=(FloatingIp("fip", views.ROUTER, "172.24.4.101", "10.1.0.1"),),
    )
    desired = desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))
    text = desired.namespaces[router_namespace(views.ROUTER)].rules
    chain = text.partition("chain through")[2].partition("}\n")[0]
    assert "ct state new drop" in chain
    assert 'oifname "rsg-ffffffff-ff" drop' not in chain


def _stateless(*ports: str) -> str:
    """The rules where these ports' groups are stateless."""
    groups = tuple(
        replace(group, is_stateful=group.id not in ports)
        for group in views.VIEW.security_groups
    )
    view = replace(views.VIEW, security_groups=groups)
    return desired_state(view, views.SETTINGS, assign_zones(view.networks, {})).rules


def test_without_state_every_packet_is_asked() -> None:
    every = tuple(group.id for group in views.VIEW.security_groups)
    stateful, stateless = _stateless(), _stateless(*every)
    assert "notrack" not in stateful
    assert f'iifname {{ "{bridge_name(views.RED.id)}" }} notrack' in stateless
    # Fragments alone, or those of two networks would make one packet.
    zones = stateless.split("priority -450; policy accept;\n")[1].split("}\n  chain")[0]
    assert [line.strip().split("iifname")[0] for line in zones.splitlines()[:-1]] == [
        "ct zone set ",
        "ip frag-off & 0x3fff != 0 ct zone set ",
        "exthdr frag exists ct zone set ",
    ]
    chain = stateless.split(f"chain ingress_{tap_name(views.GUEST.id)} {{")[1]
    chain = chain.split("}\n  chain")[0]
    assert "0x72730001 accept" not in chain and "!= syn counter drop" not in chain
    # Whoever calls itself like the metadata service may not begin anything.
    answers = "tcp sport 80 tcp flags & (syn | ack) != syn accept"
    assert f"ip saddr 169.254.169.254 {answers}" in chain
