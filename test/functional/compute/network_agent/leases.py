"""What guests are told of their addresses, names and routers."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace

from compute.network.host_names import HostName
from compute.network.view import (
    DhcpOption,
    HostView,
    Ipv6Mode,
    Network,
)
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    one_network,
    routed_networks,
    wait_for,
)


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


def names_are_resolved(cloud: Cloud) -> None:
    view = routed_networks()
    names = (HostName("10.1.0.11", "red1"), HostName("10.1.0.99", "far"))
    cloud.control.view = replace(view, networks=named(view, *names))
    cloud.settings = replace(cloud.settings, resolvers=("172.24.4.1",))
    cloud.start_agent()
    cloud.settle()
    red1 = cloud.boot("red1")
    assert red1.dhcp()["dns"] == "10.1.0.2"
    words = ("busybox", "nslookup")

    def answer(name: str) -> str:
        return red1.run(*words, name, "10.1.0.2", check=False)

    assert "10.1.0.11" in answer("red1")
    assert "10.1.0.99" in answer("far.red.example")
    assert "far.red.example" in answer("10.1.0.99")
    # A floating IP's; the resolver hears of it while it runs.
    cloud.change(networks=named(view, HostName("172.24.4.101", "www.example.org")))
    wait_for("a new name", lambda: "172.24.4.101" in answer("www.example.org"))
    assert "10.1.0.99" not in answer("far.red.example")
    # What a guest calls itself is not what it is called.
    assert red1.dhcp(calls_itself="wpad")
    assert "10.1.0.11" not in answer("wpad") + answer("wpad.red.example")
    # What the network does not know is asked of the host, through the router.
    outside = subprocess.Popen(
        ["dnsmasq", "-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
         "--listen-address=172.24.4.1", "--bind-interfaces", "--user=root",
         "--address=/far.example/192.0.2.99", "--pid-file"],
    )  # fmt: skip
    try:
        wait_for(
            "an answer from far",
            lambda: "192.0.2.99" in answer("far.example"),
        )
    finally:
        outside.kill()
        outside.wait()


def named(view: HostView, *names: HostName) -> tuple[Network, ...]:
    """The view's networks, where the resolver of ``red`` is to answer these."""
    red, *others = view.networks
    return (replace(red, dns_domain="red.example.", names=names), *others)


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
