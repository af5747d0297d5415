"""Networks behind one router that are kept apart: by scopes, by rules of subnets."""

from __future__ import annotations

from dataclasses import replace

from compute.network.view import Direction, Network, PacketRule, Rule
from test.functional.compute.network_agent.cloud import Cloud, lets_in, routed_networks
from test.functional.compute.network_agent.guests import run


def scopes_are_apart(cloud: Cloud) -> None:
    view = routed_networks()
    cloud.control.view = view
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    assert red1.pings("10.2.0.11") and blue1.pings("10.1.0.11")
    red, blue, outer = view.networks
    cloud.change(networks=(_within(red, "scope"), blue, outer))
    assert not red1.pings("10.2.0.11") and not blue1.pings("10.1.0.11")
    # Out by translation, and to whom a floating address stands for, one goes still.
    assert red1.pings("172.24.4.1") and blue1.pings("172.24.4.101")
    cloud.change(networks=(_within(red, "scope"), _within(blue, "scope"), outer))
    assert red1.pings("10.2.0.11") and blue1.pings("10.1.0.11")


def subnets_have_rules(cloud: Cloud) -> None:
    view = routed_networks()
    cloud.control.view = view
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group("web", lets_in("web", "all"))
    blue1.serve(5001)
    connection = red1.connect("10.2.0.11", 5001)
    assert connection.hears() == "blue1"
    red, blue, outer = view.networks
    served = _rule(True, Direction.INGRESS, 6, 5001)
    answered = PacketRule(True, Rule("out", Direction.EGRESS, 4, 6, 32768, 65535))
    # What nobody let pass is dropped, and what had begun before as well; without
    # state an answer needs a rule of its own.
    cloud.change(networks=(red, _ruled(blue, served), outer))
    assert not connection.echoes(seconds=1) and not red1.pings("10.2.0.11")
    cloud.change(networks=(red, _ruled(blue, served, answered), outer))
    assert red1.reaches("10.2.0.11", 5001) and not blue1.reaches("10.1.0.11", 5001)
    # The first that fits decides.
    nobody = PacketRule(
        False, Rule("no", Direction.INGRESS, 4, remote_prefix="10.1.0.0/24")
    )
    cloud.change(networks=(red, _ruled(blue, nobody, served, answered), outer))
    assert not red1.reaches("10.2.0.11", 5001)
    # Whom a floating address stands for is behind the rules, too; so is the way out.
    assert "1 received" in run("ping", "-c1", "-W2", "172.24.4.101", check=False)
    into, out = _rule(True, Direction.INGRESS, 1), _rule(True, Direction.EGRESS, 1)
    cloud.change(networks=(_ruled(red, out), blue, outer))
    assert not red1.pings("172.24.4.1")
    assert "1 received" not in run("ping", "-c1", "-W1", "172.24.4.101", check=False)
    cloud.change(networks=(_ruled(red, into, out), blue, outer))
    assert red1.pings("172.24.4.1") and red1.pings("10.2.0.11")
    assert "1 received" in run("ping", "-c1", "-W2", "172.24.4.101", check=False)
    assert red1.dhcp()  # always
    connection.close()


def _rule(
    passes: bool, direction: Direction, protocol: int, port: int | None = None
) -> PacketRule:
    return PacketRule(passes, Rule("rule", direction, 4, protocol, port, port))


def _ruled(network: Network, *rules: PacketRule) -> Network:
    subnets = tuple(replace(each, packet_rules=rules) for each in network.subnets)
    return replace(network, subnets=subnets)


def _within(network: Network, scope: str) -> Network:
    subnets = tuple(replace(each, scope=scope) for each in network.subnets)
    return replace(network, subnets=subnets)
