"""What happens on a host, told as functions; each runs in namespaces of its own.

unshare --net --mount python -m test.functional.compute.network_agent.scenarios NAME
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

from compute.network.agent.anti_spoofing import link_local
from compute.network.agent.desired import desired_state
from compute.network.agent.host_rules import assign_zones
from compute.network.agent.names import (
    bridge_name,
    dhcp_device,
    dhcp_namespace,
    router_namespace,
)
from compute.network.agent.plan import plan
from compute.network.view import (
    AddressPair,
    DhcpOption,
    Direction,
    Ipv6Mode,
    PortForwarding,
    Rule,
    tap_name,
)
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    one_network,
    routed_networks,
    wait_for,
)
from test.functional.compute.network_agent.from_the_api import (
    the_network_api_is_obeyed,
)
from test.functional.compute.network_agent.guests import Connection, Guest, run
from test.functional.compute.network_agent.speeds import (
    floating_addresses_keep_their_speed,
    packets_bear_their_mark,
    ports_keep_their_speed,
)

SCENARIOS: dict[str, Callable[[], None]] = {}


def scenario(function: Callable[[Cloud], None]) -> Callable[[Cloud], None]:
    """With a cloud, of which nothing may be left at the end."""

    def run_and_close() -> None:
        cloud = Cloud()
        function(cloud)
        cloud.close()

    SCENARIOS[function.__name__] = run_and_close
    return function


@scenario
def a_guest_gets_its_lease(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    assert {make_id("red1"), make_id("red2"), make_id("red dhcp")} == (
        cloud.control.active_ports()
    )
    red1 = cloud.boot("red1")
    lease = red1.dhcp()
    assert lease["ip"] == "10.1.0.11", lease
    assert lease["router"] == "10.1.0.1"
    assert lease["mtu"] == "1450"
    assert lease["staticroutes"].split() == [
        "169.254.169.254/32", "10.1.0.2", "0.0.0.0/0", "10.1.0.1",
    ]  # fmt: skip
    # Nobody else gets anything: the port is known by its MAC address.
    red1.run("ip", "link", "set", "eth0", "address", "fa:16:3e:ff:ff:ff")
    cloud.replace_port("red1", port_security=False)
    assert red1.dhcp(tries=2) == {}


@scenario
def a_port_may_have_options_of_its_own(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    red1 = cloud.boot("red1")
    cloud.replace_port(
        "red1",
        dhcp_options=(
            DhcpOption("mtu", "1280"),
            DhcpOption("no-such-option", "x"),
            DhcpOption("bootfile-name", "boot\nuser=nobody"),
            DhcpOption("bootfile-name", "pxe.0"),
        ),
    )
    lease = red1.dhcp()
    assert lease["mtu"] == "1280"
    assert "pxe.0" in (lease.get("boot_file", ""), lease.get("bootfile", ""))
    cloud.replace_port("red1", dhcp_options=())
    assert red1.dhcp()["mtu"] == "1450"


@scenario
def an_address_changes_hands(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    assert cloud.boot("red1").dhcp()["ip"] == "10.1.0.11"
    taken = cloud.port("red1").addresses
    cloud.change(
        ports=tuple(one for one in cloud.view.ports if one.id != make_id("red1"))
    )
    cloud.replace_port("red2", addresses=taken)
    assert cloud.boot("red2").dhcp()["ip"] == "10.1.0.11"


@scenario
def guests_are_closed_until_a_rule_opens_them(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    assert not red1.pings("10.1.0.12")
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    assert red1.pings("10.1.0.12")
    cloud.replace_group(
        "web", lets_in("web", "echo", protocol=1, port_min=8, port_max=0)
    )
    assert red1.pings("10.1.0.12")
    # Only from members of the group, which the host itself is not.
    web = make_id("web")
    red2.serve(5001)
    red2.serve(5004)
    cloud.replace_group(
        "web",
        lets_in(
            "web", "tcp", protocol=6, port_min=5000, port_max=5002, remote_group=web
        ),
    )
    inside, outside = red1.connect("10.1.0.12", 5001), red1.connect("10.1.0.12", 5004)
    assert inside.hears() == "red2"
    assert outside.hears(seconds=2) == ""
    inside.close()
    outside.close()
    assert not red1.pings("10.1.0.12")
    cloud.replace_group("web", lets_in("web", "net", remote_prefix="10.1.0.12/32"))
    assert not red1.pings("10.1.0.12")
    assert red2.pings("10.1.0.11")
    cloud.replace_port("red2", security_groups=(), port_security=False)
    assert red1.pings("10.1.0.12")


@scenario
def rules_change_without_cutting_others(cloud: Cloud) -> None:
    cloud.control.view = one_network(guests=3)
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    first = lets_in("web", "first", protocol=6, port_min=5001, port_max=5001)
    second = lets_in("web", "second", protocol=6, port_min=5002, port_max=5002)
    cloud.replace_group("web", first, second)
    red2.serve(5001)
    red2.serve(5002)
    kept, cut = red1.connect("10.1.0.12", 5001), red1.connect("10.1.0.12", 5002)
    assert kept.hears() == cut.hears() == "red2"
    cloud.kill_agent()
    cloud.start_agent()
    cloud.settle()
    assert kept.echoes() and cut.echoes()
    cloud.replace_group("web", first)
    assert kept.echoes()
    assert not cut.echoes(seconds=2)
    kept.close()
    cut.close()
    # What goes on and on without ever being new is judged as well.
    cloud.replace_group("web", first, lets_in("web", "ping", protocol=1))
    pinging = red1.start("ping", "-i", "0.2", "-n", "10.1.0.12")
    answers = Connection(pinging)
    assert "bytes from" in answers.hears() + answers.hears()
    cloud.replace_group("web", first)
    while answers.hears(seconds=1):
        pass  # those that were on their way
    assert answers.hears(seconds=1) == ""
    answers.close()


@scenario
def what_leaves_is_judged_too(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    cloud.replace_group("web", lets_in("web", "all"))
    assert red1.pings("10.1.0.12")
    (web,) = cloud.view.security_groups
    only_ping = Rule(make_id("only"), Direction.EGRESS, 4, 1)
    cloud.change(security_groups=(replace(web, rules=(only_ping, *web.rules[2:])),))
    assert red1.pings("10.1.0.12")
    red2.serve(5001)
    connection = red1.connect("10.1.0.12", 5001)
    assert connection.hears(seconds=2) == ""
    connection.close()
    assert red1.dhcp()  # always


@scenario
def names_are_resolved(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settings = replace(cloud.settings, resolvers=("172.24.4.1",))
    cloud.start_agent()
    cloud.settle()
    red1 = cloud.boot("red1")
    assert red1.dhcp()["dns"] == "10.1.0.2"
    words = ("busybox", "nslookup")
    assert "10.1.0.11" in red1.run(*words, "red1", "10.1.0.2", check=False)
    # What the network does not know is asked of the host, through the router.
    outside = subprocess.Popen(
        ["dnsmasq", "-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
         "--listen-address=172.24.4.1", "--bind-interfaces", "--user=root",
         "--address=/far.example/192.0.2.99", "--pid-file"],
    )  # fmt: skip
    try:
        wait_for(
            "an answer from far",
            lambda: (
                "192.0.2.99" in red1.run(*words, "far.example", "10.1.0.2", check=False)
            ),
        )
    finally:
        outside.kill()
        outside.wait()


@scenario
def spoofing_is_refused(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    cloud.replace_group("web", lets_in("web", "all"), lets_in("web", "all6", 6))
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    assert red1.pings("10.1.0.12")
    # Another IP address than its own.
    red1.run("ip", "address", "add", "10.1.0.66/24", "dev", "eth0")
    red2.run("ip", "neigh", "replace", "10.1.0.66", "dev", "eth0", "lladdr",
             cloud.port("red1").mac)  # fmt: skip
    assert not red1.pings("10.1.0.12", source="10.1.0.66")
    # ... not even by ARP: red2 must not learn it.
    red2.run("ip", "neigh", "del", "10.1.0.66", "dev", "eth0")
    red1.run("busybox", "arping", "-U", "-c", "2", "-w", "2", "-I", "eth0",
             "-s", "10.1.0.66", "10.1.0.66", check=False)  # fmt: skip
    assert not red2.pings("10.1.0.66")
    # ... unless the port is allowed to.
    cloud.replace_port("red1", address_pairs=(AddressPair("10.1.0.64/28"),))
    assert red1.pings("10.1.0.12", source="10.1.0.66")
    # A DHCP server of its own.
    red1.run("ip", "address", "del", "10.1.0.66/24", "dev", "eth0")
    rogue = red1.start(
        "dnsmasq", "-k", "--conf-file=/dev/null", "--interface=eth0", "--port=0",
        "--bind-interfaces", "--dhcp-range=10.1.0.200,10.1.0.250", "--user=root",
        f"--dhcp-leasefile={cloud.directory}/rogue", "--dhcp-authoritative",
        f"--pid-file={cloud.directory}/rogue.pid", "--no-ping",
    )  # fmt: skip
    cloud.replace_port("red2", mac=cloud.port("red2").mac)
    dead = cloud.host.observe().processes[dhcp_namespace(make_id("red"))].process
    os.kill(dead, signal.SIGSTOP)
    try:
        assert red2.dhcp(tries=2) == {}
    finally:
        os.kill(dead, signal.SIGCONT)
        rogue.kill()
        rogue.wait()
    # IPv6: another's address, be it only in an advertisement.
    own = link_local(cloud.port("red1").mac)
    wait_for("its own", lambda: red2.pings(f"{own}%eth0"))
    red1.run("ip", "address", "add", "fe80::66/64", "dev", "eth0", "nodad")
    assert not red2.pings("fe80::66%eth0")
    # Another MAC address.
    red1.run("ip", "link", "set", "eth0", "address", "fa:16:3e:ff:ff:ff")
    assert not red1.pings("10.1.0.12")


@scenario
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


@scenario
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


@scenario
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


@scenario
def metadata_is_reached(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    url = "http://169.254.169.254/openstack/latest/meta_data.json"
    lie = ("-H", "X-Forwarded-For: 10.1.0.99", "-H", "X-Instance-ID: other")
    text = red1.run("curl", "-s", "-m", "5", *lie, url)
    assert f"by 10.1.0.11 on {make_id('red')} " in text, text
    assert "Forwarded" not in text and "Instance" not in text
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


@scenario
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


@scenario
def ipv6_addresses_are_advertised(cloud: Cloud) -> None:
    cloud.control.view = routed_networks(Ipv6Mode.SLAAC)
    cloud.settle()
    cloud.replace_group("web", lets_in("web", "ping", 6, protocol=58))
    red1 = cloud.boot("red1")

    def addresses() -> str:
        return red1.run("ip", "-6", "address", "show", "dev", "eth0", "scope", "global")

    wait_for("an address by advertisement", lambda: "fd00:1:" in addresses())
    wait_for("it is no longer tentative", lambda: "tentative" not in addresses())
    # The view knows the address that the MAC address makes.
    text = addresses().split("inet6 ")[1].split("/")[0]
    cloud.replace_port(
        "red1",
        addresses=(
            cloud.port("red1").addresses[0],
            type(cloud.port("red1").addresses[1])(make_id("red 6"), text),
        ),
    )
    wait_for("the way out", lambda: red1.pings("fd00:2::1"))


@scenario
def ipv6_addresses_are_leased(cloud: Cloud) -> None:
    cloud.control.view = one_network(Ipv6Mode.STATEFUL)
    cloud.settle()
    red1 = cloud.boot("red1")
    wait_for(
        "a link-local address that is no longer tentative",
        lambda: (
            "fe80" in (text := red1.run("ip", "-6", "address"))
            and "tentative" not in text
        ),
    )
    empty = cloud.directory / "dhclient"
    empty.mkdir()
    script = empty / "script"
    script.write_text(
        '#!/bin/sh\n[ -z "$new_ip6_address" ] || echo "$new_ip6_address" >> '
        f"{empty}/got\n"
    )
    script.chmod(0o755)
    (empty / "conf").write_text("")
    red1.run(
        "timeout", "15", "dhclient", "-6", "-1", "-v", "-lf", f"{empty}/lease", "-pf",
        f"{empty}/pid", "-sf", str(script), "-cf", f"{empty}/conf", "eth0", check=False,
    )  # fmt: skip
    assert (empty / "got").read_text().split()[0] == "fd00:1::11"
    os.kill(int((empty / "pid").read_text()), signal.SIGTERM)


@scenario
def what_is_wiped_comes_back(cloud: Cloud) -> None:
    cloud.control.view = routed_networks()
    cloud.settle()
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    red, router = make_id("red"), router_namespace(make_id("rt"))
    processes = cloud.host.observe().processes

    for wipe in (
        ["nft", "flush", "ruleset"],
        ["nft", "flush", "chain", "bridge", "ringstack", "ingress"],
        ["nsenter", f"--net=/run/netns/{router}", "nft", "flush", "ruleset"],
        ["kill", "-9", str(processes[dhcp_namespace(red)].process)],
        ["ip", "link", "del", bridge_name(red)],
        ["ip", "link", "set", bridge_name(red), "down"],
        ["ip", "link", "set", tap_name(make_id("red1")), "nomaster"],
        ["ip", "address", "flush", "dev", bridge_name(make_id("outer"))],
        ["ip", "netns", "del", dhcp_namespace(red)],
        ["ip", "netns", "del", router],
        ["nsenter", f"--net=/run/netns/{router}", "ip", "route", "flush", "proto", "4"],
        ["sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0"],
        ["nft", "add table ip ringstack; add chain ip ringstack c"],
        ["nsenter", f"--net=/run/netns/{router}", "nft", "add table inet ringstack-2"],
    ):
        run(*wipe)
        cloud.settle()
        assert red1.pings("10.2.0.11", count=1) or red1.pings("10.2.0.11", count=3), (
            wipe
        )
        assert red1.pings("172.24.4.1"), wipe
        assert red1.dhcp(), wipe
        assert not _reaches(red1, "10.2.0.11", 5001), wipe
        text = red1.run("curl", "-s", "-m", "5", "http://169.254.169.254/x")
        assert "by 10.1.0.11" in text, wipe
        assert make_id("red1") in cloud.control.active_ports()
        for inside in ([], ["nsenter", f"--net=/run/netns/{router}"]):
            tables = run(*inside, "nft", "list", "tables")
            assert "ip ringstack" not in tables or inside, wipe
            assert "ringstack-2" not in tables, wipe


def _reaches(guest: Guest, address: str, port: int) -> bool:
    """Whether anything comes back, be it a refusal: rules that drop are silent."""
    text = guest.run("nc", "-vz", "-w", "1", address, str(port), check=False)
    return "refused" in text or "succeeded" in text


@scenario
def a_network_stays_while_the_agent_is_away(cloud: Cloud) -> None:
    cloud.control.view = one_network()
    cloud.settle()
    before = cloud.host.observe().processes
    red1 = cloud.boot("red1")
    cloud.kill_agent()
    assert red1.dhcp()["ip"] == "10.1.0.11"
    # It comes back while nobody can tell it anything.
    cloud.control.is_away = True
    cloud.start_agent()
    run("ip", "link", "set", bridge_name(make_id("red")), "down")
    cloud.settle()
    assert cloud.host.observe().processes.keys() == before.keys()
    assert cloud.host.observe().processes[dhcp_namespace(make_id("red"))].process == (
        before[dhcp_namespace(make_id("red"))].process
    )
    assert red1.dhcp()["ip"] == "10.1.0.11"
    assert red1.run("curl", "-s", "-m", "5", "http://169.254.169.254/x")
    cloud.control.is_away = False
    cloud.settle()


SCENARIOS["the_network_api_is_obeyed"] = the_network_api_is_obeyed
scenario(packets_bear_their_mark)
scenario(ports_keep_their_speed)
scenario(floating_addresses_keep_their_speed)


def main(name: str) -> None:
    SCENARIOS[name]()


if __name__ == "__main__":
    main(sys.argv[1])
