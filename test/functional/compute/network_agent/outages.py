"""What stays, and what comes back, when an agent or its work is gone."""

from __future__ import annotations

from compute.network.agent.names import (
    bridge_name,
    dhcp_namespace,
    router_namespace,
)
from compute.network.port_names import tap_name
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    one_network,
    routed_networks,
)
from test.functional.compute.network_agent.guests import run


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
        assert not red1.reaches("10.2.0.11", 5001), wipe
        text = red1.run("curl", "-s", "-m", "5", "http://169.254.169.254/x")
        assert "by 10.1.0.11" in text, wipe
        assert make_id("red1") in cloud.control.active_ports()
        for inside in ([], ["nsenter", f"--net=/run/netns/{router}"]):
            tables = run(*inside, "nft", "list", "tables")
            assert "ip ringstack" not in tables or inside, wipe
            assert "ringstack-2" not in tables, wipe


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
