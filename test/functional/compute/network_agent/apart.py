"""Networks of different address scopes behind one router."""

from __future__ import annotations

from dataclasses import replace

from compute.network.view import Network
from test.functional.compute.network_agent.cloud import Cloud, lets_in, routed_networks


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


def _within(network: Network, scope: str) -> Network:
    subnets = tuple(replace(each, scope=scope) for each in network.subnets)
    return replace(network, subnets=subnets)
