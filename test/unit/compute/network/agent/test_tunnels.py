"""Tunnels to other hosts follow the view: made when needed, gone when not."""

from __future__ import annotations

from dataclasses import replace

from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import EVERYBODY, HOST, Desired, Forward, LinkKind
from compute.network.agent.names import bridge_name, tunnel_device
from compute.network.agent.plan.plan import plan
from compute.network.agent.plan.wired import wired
from compute.network.agent.settings import usable_tunnel_address
from compute.network.view import HostView, Remote
from test.fakes.network_host import MemoryHost
from test.unit.compute.network.agent import views
from test.unit.compute.network.agent.converging import converge

SETTINGS = replace(views.SETTINGS, tunnel_address="192.0.2.1")
TUNNEL = tunnel_device(views.RED.id)
MOVER, STAYER = "fa:16:3e:00:01:01", "fa:16:3e:00:01:02"
BETA = Remote("192.0.2.2", (MOVER, STAYER))


def view_with(*remotes: Remote) -> HostView:
    red = replace(views.RED, segment=4096, remotes=remotes)
    others = [each for each in views.VIEW.networks if each.id != red.id]
    return replace(views.VIEW, networks=(red, *others))


def desired_of(view: HostView) -> Desired:
    return desired_state(view, SETTINGS, assign_zones(view.networks, {}))


def forwards(host: MemoryHost) -> set[Forward]:
    return set(host.namespaces[HOST].links[TUNNEL].forwards)


def test_no_tunnel_where_the_network_is_on_no_other_host() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with()))
    assert TUNNEL not in host.namespaces[HOST].links
    converge(host, desired_of(views.VIEW))
    assert TUNNEL not in host.namespaces[HOST].links


def test_a_tunnel_knows_who_is_where() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA)))
    seen = host.namespaces[HOST].links[TUNNEL]
    assert (seen.kind, seen.segment, seen.local) == (
        LinkKind.TUNNEL.value,
        4096,
        "192.0.2.1",
    )
    assert (seen.bridge, seen.mtu) == (bridge_name(views.RED.id), views.RED.mtu)
    assert forwards(host) == {
        Forward(mac, BETA.address) for mac in (EVERYBODY, MOVER, STAYER)
    }


def test_who_moves_is_never_without_a_way() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA)))
    gamma = Remote("192.0.2.3", (MOVER,))
    done = converge(host, desired_of(view_with(replace(BETA, macs=(STAYER,)), gamma)))
    assert done == ["LoadRules", "AddForward", "AddForward"]
    assert Forward(MOVER, gamma.address) in forwards(host)
    assert Forward(MOVER, BETA.address) not in forwards(host)
    done = converge(host, desired_of(view_with(gamma)))
    assert done == ["LoadRules", "RemoveForward", "RemoveForward"]
    converge(host, desired_of(view_with()))
    assert TUNNEL not in host.namespaces[HOST].links


def test_a_tunnel_that_somebody_spoiled_is_made_anew() -> None:
    host = MemoryHost()
    converge(host, desired_of(view_with(BETA)))
    links = dict(host.namespaces[HOST].links)
    links[TUNNEL] = replace(links[TUNNEL], segment=7)
    host.namespaces[HOST] = replace(host.namespaces[HOST], links=links)
    converge(host, desired_of(view_with(BETA)))
    assert host.namespaces[HOST].links[TUNNEL].segment == 4096
    assert len(forwards(host)) == 3


def test_a_guest_waits_for_its_tunnels() -> None:
    view = view_with(BETA)
    host = MemoryHost(fails={TUNNEL})
    desired = desired_of(view)
    host.apply(plan(desired, host.observe()), desired)
    ready = wired(view, plan(desired, host.observe()))
    assert not ready[views.GUEST.id]
    assert ready[views.OPEN_GUEST.id]


def test_a_host_without_an_address_has_none() -> None:
    desired = desired_state(
        view_with(BETA), views.SETTINGS, assign_zones(views.VIEW.networks, {})
    )
    assert TUNNEL not in desired.links
    assert usable_tunnel_address("", "127.0.0.1") == ""
    assert usable_tunnel_address("", "0.0.0.0") == ""
    assert usable_tunnel_address("", "192.0.2.9") == "192.0.2.9"
    assert usable_tunnel_address("192.0.2.8", "127.0.0.1") == "192.0.2.8"
