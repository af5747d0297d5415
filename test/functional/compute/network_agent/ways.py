"""How guests reach other networks, the world and their metadata."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import replace

from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.names import (
    bridge_name,
    dhcp_device,
    router_namespace,
)
from compute.network.agent.plan.plan import plan
from compute.network.agent.rules.anti_spoofing import link_local
from compute.network.port_names import OWNER_ROUTER_INTERFACE
from compute.network.view import (
    FloatingIp,
    Ipv6Mode,
    PortForwarding,
    Router,
    StaticRoute,
)
from objectstore.kernel import concurrency
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    make_network,
    make_port,
    one_network,
    routed_networks,
    wait_for,
)
from test.functional.compute.network_agent.guests import Connection, Guest, run

CONNECT_SECONDS_MAX = 10.0
ETH_P_IP = 0x0800
SILENCE_SECONDS = 1.0


def networks_are_routed(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    # Out by translation, to the host; but nobody in.
    assert red1.pings("172.24.4.1")
    assert blue1.pings("172.24.4.1")
    assert not red1.pings("10.2.0.11")
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    assert red1.pings("10.2.0.11")
    assert " 0% packet loss" in run("ping", "-c", "1", "-W", "2", "172.24.4.101")
    # From inside to a floating address, and back.
    assert blue1.pings("172.24.4.101")
    assert red1.pings("172.24.4.101")


def routers_meet_on_a_network(cloud: Cloud) -> None:
    """As those do that are the route tables of one VPC: each leads to a network of its
    own, and only the first leads out."""
    view = routed_networks()
    meeting = make_network("meeting", 9)
    second = make_id("rt2")
    ports = [
        replace(port, device_id=second) if port.id == make_id("blue rt") else port
        for port in view.ports
    ]
    for number, (name, router) in enumerate((("m1", make_id("rt")), ("m2", second))):
        ports.append(
            make_port(
                name, meeting, 11 + number, OWNER_ROUTER_INTERFACE, device_id=router
            )
        )
    (first,) = view.routers
    routers = (
        replace(
            first,
            interfaces=(make_id("red rt"), make_id("m1")),
            routes=(StaticRoute("10.2.0.0/24", "10.9.0.12"),),
        ),
        Router(
            second,
            interfaces=(make_id("blue rt"), make_id("m2")),
            routes=(StaticRoute("10.1.0.0/24", "10.9.0.11"),),
        ),
    )
    cloud.control.view = replace(
        view,
        networks=(*view.networks, meeting),
        ports=tuple(ports),
        routers=routers,
    )
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    assert not red1.pings("10.2.0.11")
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    assert red1.pings("10.2.0.11") and blue1.pings("10.1.0.11")
    # The private network is private; what leads out may be reached from outside.
    assert red1.pings("172.24.4.1") and not blue1.pings("172.24.4.1")
    assert " 0% packet loss" in run("ping", "-c", "1", "-W", "2", "172.24.4.101")


def a_router_lends_its_floating_address(cloud: Cloud) -> None:
    """Of a network behind another router, as a NAT gateway of a VPC does."""
    view = routed_networks()
    meeting, natting = make_network("meeting", 9), make_id("nat")
    ports = [
        replace(port, device_id=natting) if port.id == make_id("gw") else port
        for port in view.ports
    ]
    for number, (name, router) in enumerate((("m1", make_id("rt")), ("m2", natting))):
        ports.append(
            make_port(
                name, meeting, 11 + number, OWNER_ROUTER_INTERFACE, device_id=router
            )
        )
    (first,) = view.routers
    routers = (
        replace(
            first,
            gateway=None,
            interfaces=(*first.interfaces, make_id("m1")),
            routes=(StaticRoute("0.0.0.0/0", "10.9.0.12"),),
        ),
        Router(
            natting,
            gateway=first.gateway,
            interfaces=(make_id("m2"),),
            routes=(StaticRoute("10.1.0.0/24", "10.9.0.11"),),
        ),
    )
    lent = FloatingIp(make_id("fip"), natting, "172.24.4.150", "10.9.0.12")
    cloud.control.view = replace(
        view,
        networks=(*view.networks, meeting),
        ports=tuple(ports),
        routers=routers,
        floating_ips=(lent,),
    )
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    with socket.create_server(("172.24.4.1", 0)) as outside:
        outside.settimeout(CONNECT_SECONDS_MAX)
        line = red1.connect("172.24.4.1", outside.getsockname()[1])
        inside, (source, _) = concurrency.offload(outside.accept)
        inside.sendall(b"hello\n")
        assert source == "172.24.4.150" and line.hears() == "hello"
        line.close()
        inside.close()
    # What the gateway has no way back to gets no answer, and nobody comes in.
    assert red1.pings("172.24.4.1") and not blue1.pings("172.24.4.1")
    red1.serve(5001)
    words = ["nc", "-z", "-w", "1", "172.24.4.150", "5001"]
    assert subprocess.run(words, timeout=10).returncode != 0
    # Nor does a neighbour outside speak with the address by sending things here.
    run("ip", "route", "add", "198.51.100.9", "via", "172.24.4.2")
    ipv4 = socket.htons(ETH_P_IP)
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, ipv4) as wire,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as neighbour,
    ):
        wire.settimeout(SILENCE_SECONDS)
        neighbour.sendto(b"not for the router", ("198.51.100.9", 5001))
        lent_to = socket.inet_aton("172.24.4.150")
        while packet := _next_packet(wire):
            assert packet[12:16] != lent_to


def _next_packet(wire: socket.socket) -> bytes:
    """The next one that is heard; empty after some silence."""
    try:
        return concurrency.offload(wire.recv, 2048)
    except TimeoutError:
        return b""


def ports_are_forwarded(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group("web", lets_in("web", "tcp", protocol=6))
    for guest in (red1, blue1):
        guest.serve(5001)
    red1.serve(5002)
    router, outside = make_id("rt"), "172.24.4.102"
    to_red = PortForwarding(
        make_id("pf"), router, "tcp", outside, 7001, 7002, "10.1.0.11", 5001, 5002
    )
    to_blue = PortForwarding(
        make_id("pb"), router, "tcp", outside, 7003, 7003, "10.2.0.11", 5001, 5001
    )
    cloud.change(port_forwardings=(to_red, to_blue))

    def dial(port: int) -> Connection:
        """From the host, which is on the external network."""
        return Connection(
            subprocess.Popen(
                ["nc", outside, str(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )

    lines = {port: dial(port) for port in (7001, 7002, 7003, 7004)}
    said = {port: line.hears() for port, line in lines.items()}
    # One address, two guests; what is not forwarded is nobody's.
    assert said == {7001: "red1", 7002: "red1", 7003: "blue1", 7004: ""}
    # From inside, too, and to oneself.
    for guest in (red1, blue1):
        inside = guest.connect(outside, 7001)
        assert inside.hears() == "red1", guest.name
        inside.close()
    assert lines[7001].echoes() and lines[7003].echoes()
    # A forwarding that ends takes its connections along, and no others.
    cloud.change(port_forwardings=(to_blue,))
    assert not lines[7001].echoes(2.0)
    assert lines[7003].echoes()
    assert dial(7001).hears(2.0) == ""
    # A new agent finds it as it is, and wiped rules come back.
    cloud.kill_agent()
    cloud.start_agent()
    run("ip", "netns", "exec", router_namespace(router), "nft", "flush", "ruleset")
    cloud.settle()
    assert dial(7003).hears() == "blue1"
    for line in lines.values():
        line.close()


def a_floating_address_moves(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group(
        "web", lets_in("web", "tcp", protocol=6), lets_in("web", "ping", protocol=1)
    )
    red1.serve(5001)
    blue1.serve(5001)

    def who() -> str:
        """Who answers the host at the floating address."""
        connection = Connection(
            subprocess.Popen(
                ["nc", "172.24.4.101", "5001"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        name = connection.hears()
        connection.close()
        return name

    assert who() == "red1"
    (floating,) = cloud.view.floating_ips
    cloud.change(floating_ips=(replace(floating, fixed_address="10.2.0.11"),))
    assert who() == "blue1"
    cloud.change(floating_ips=())
    assert "100% packet loss" in run(
        "ping", "-c", "1", "-W", "1", "172.24.4.101", check=False
    )


def metadata_is_reached(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    url = "http://169.254.169.254/openstack/latest/meta_data.json"
    lie = ("-H", "X-Forwarded-For: 10.1.0.99", "-H", "X-Instance-ID: other")
    text = red1.run("curl", "-s", "-m", "5", *lie, url)
    assert f"by 10.1.0.11 on {make_id('red')} " in text, text
    # Who gives out session tokens has to know of the first, and of no other.
    assert "X-Forwarded-For" in text and "Instance" not in text
    # As far as the guest, an answer that goes over one hop comes.
    assert "PUT " in red1.run("curl", "-s", "-m", "5", "-X", "PUT", url)
    # Without the host route it goes to the router, which answers as well.
    blue1.run("ip", "route", "del", "169.254.169.254/32")
    text = blue1.run("curl", "-s", "-m", "5", url)
    assert f"by 10.2.0.11 on {make_id('blue')} " in text, text
    # Not from outside.
    outside = run(
        "sh", "-c",
        "ip route add 169.254.169.254 via 172.24.4.2; "
        f"curl -s -m 2 {url}; ip route del 169.254.169.254", check=False,
    )  # fmt: skip
    assert " by " not in outside


def metadata_is_reached_by_ipv6(cloud: Cloud) -> None:
    cloud.control.view = one_network(Ipv6Mode.SLAAC)
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    url = "http://[fe80::a9fe:a9fe%25eth0]/openstack/latest/meta_data.json"

    def says(guest: Guest) -> str:
        """Without an address of its own, but for the link's."""
        return guest.run("curl", "-s", "-m", "2", "-g", url, check=False)

    def who(guest: Guest) -> str:
        return f"by {link_local(guest.port.mac)} on {make_id('red')} "

    wait_for("an answer", lambda: who(red1) in says(red1))
    wait_for("another answer", lambda: who(red2) in says(red2))
    # Who is on the wire, and no guest of this host, is not even heard.
    run("ip", "netns", "add", "wire")
    run("ip", "link", "add", "plug", "type", "veth", "peer", "far", "netns", "wire")
    run("ip", "link", "set", "plug", "up", "master", bridge_name(make_id("red")))
    inside = ("ip", "netns", "exec", "wire")
    run(*inside, "ip", "link", "set", "far", "up")
    wait_for(
        "an address of the link",
        lambda: (
            "tentative" not in (shown := run(*inside, "ip", "-6", "address"))
            and "fe80" in shown
        ),
    )
    heard = run(
        *inside, "curl", "-s", "-m", "2", "-g", "-w", "%{http_code}",
        url.replace("eth0", "far"), check=False,
    )  # fmt: skip
    assert heard.endswith("000"), heard
    run("ip", "link", "delete", "plug")
    # Nobody else has that address: neither a guest ...
    red2.run("ip", "-6", "address", "add", "fe80::a9fe:a9fe/64", "dev", "eth0", "nodad")
    red1.run("ip", "-6", "neighbour", "flush", "dev", "eth0")
    assert who(red1) in says(red1)
    # ... nor one without port security.
    cloud.replace_port("red2", port_security=False, security_groups=())
    red1.run("ip", "-6", "neighbour", "flush", "dev", "eth0")
    assert who(red1) in says(red1)
    # It comes back with its device.
    service = cloud.port("red dhcp")
    run("ip", "link", "delete", dhcp_device(service.id))
    cloud.settle()
    wait_for("an answer again", lambda: who(red1) in says(red1))
    # Nothing is left to do, which is to say that the address counts as there.
    zones = assign_zones(cloud.view.networks, {})
    desired = desired_state(cloud.view, cloud.settings, zones)
    assert plan(desired, cloud.host.observe()) == []
