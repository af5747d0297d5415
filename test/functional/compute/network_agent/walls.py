"""What guests may say and hear."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from compute.network.agent.names import (
    dhcp_namespace,
)
from compute.network.agent.rules.anti_spoofing import link_local
from compute.network.view import (
    AddressPair,
    Direction,
    Ipv6Mode,
    Rule,
)
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    one_network,
    wait_for,
)
from test.functional.compute.network_agent.guests import Connection, run


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


def without_state_answers_need_rules(cloud: Cloud) -> None:
    cloud.control.view = one_network(Ipv6Mode.NONE, guests=3)
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    asked = lets_in("web", "asked", protocol=1, port_min=8, port_max=0)
    answered = lets_in("web", "answered", protocol=1, port_min=0, port_max=0)
    served = lets_in("web", "served", protocol=6, port_min=5001, port_max=5001)
    heard = lets_in("web", "heard", protocol=6, port_min=32768, port_max=65535)
    cloud.replace_group("web", asked, served, is_stateful=False)
    assert red1.dhcp() and red2.dhcp()
    red2.serve(5001)
    assert not red1.pings("10.1.0.12")
    cloud.replace_group("web", asked, answered, served, is_stateful=False)
    assert red1.pings("10.1.0.12")
    assert not red1.reaches("10.1.0.12", 5001)
    cloud.replace_group("web", asked, served, heard, is_stateful=False)
    connection = red1.connect("10.1.0.12", 5001)
    assert connection.hears() == "red2" and connection.echoes()
    # Nobody's state, nowhere: not even the kernel's.
    tracked = run("conntrack", "-L", check=False)
    assert "10.1.0.1" not in tracked, tracked
    # A neighbour with state has it, of flows with those that have none.
    cloud.replace_group("db")
    cloud.replace_port("red1", security_groups=(make_id("db"),))
    again = red1.connect("10.1.0.12", 5001)
    assert again.hears() == "red2" and again.echoes()
    assert red1.pings("10.1.0.12") and not red2.pings("10.1.0.11")
    # What a rule let pass, it lets pass no longer, whenever it began.
    cloud.replace_group("web", asked, heard, is_stateful=False)
    assert not again.echoes(seconds=1)
    connection.close()
    again.close()


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
