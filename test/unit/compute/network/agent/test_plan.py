"""Plans converge from wherever the host is, and touch nothing that is not ours."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.network.agent import operations as do
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import (
    HOST,
    Desired,
    Route,
    SeenLink,
    SeenNamespace,
    SeenProcess,
    SeenRules,
)
from compute.network.agent.names import bridge_name, dhcp_namespace, router_namespace
from compute.network.agent.plan.plan import leftovers, plan
from compute.network.agent.plan.wired import wired
from compute.network.port_names import tap_name
from compute.network.view import FloatingIp, HostView
from test.fakes.network_host import MemoryHost, empty_namespace
from test.unit.compute.network.agent import views

ROUTER = router_namespace(views.ROUTER)
DHCP = dhcp_namespace(views.RED.id)
TAP = tap_name(views.GUEST.id)


def desired_of(view: HostView) -> Desired:
    return desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))


DESIRED = desired_of(views.VIEW)
# Things of other programs: never to be touched.
FOREIGN = {
    "eth0": SeenLink("eth0", 2, mac="02:00:00:00:00:01"),
    "eth1": SeenLink("eth1", 3, mac="02:00:00:00:00:02"),
    "tap0": SeenLink("tap0", 4, kind="tun", is_up=True),
    "docker0": SeenLink("docker0", 5, kind="bridge"),
}


def host_with_foreign_things() -> MemoryHost:
    host = MemoryHost()
    links = {**host.namespaces[HOST].links, **FOREIGN}
    host.namespaces[HOST] = replace(host.namespaces[HOST], links=links)
    host.namespaces["blue"] = empty_namespace()
    return host


def converge(host: MemoryHost, desired: Desired) -> int:
    """Plan and do until nothing is left; how many rounds it took."""
    for round_number in range(10):
        operations = plan(desired, host.observe())
        if not operations:
            return round_number
        assert not host.apply(operations, desired)
        host.settle(desired)
    raise AssertionError(f"does not converge: {operations}")


def finished() -> MemoryHost:
    host = host_with_foreign_things()
    converge(host, DESIRED)
    return host


def test_from_nothing_in_one_round() -> None:
    host = host_with_foreign_things()
    assert converge(host, DESIRED) == 1
    assert host.namespaces[HOST].links["eth1"].bridge == bridge_name(views.OFFICE.id)


def test_rules_first_and_taps_last() -> None:
    host = host_with_foreign_things()
    kinds = [(type(one), one.concerns) for one in plan(DESIRED, host.observe())]
    rules = kinds.index((do.LoadRules, do.RULES))
    tap = kinds.index((do.AddLink, TAP))
    assert rules < kinds.index((do.AddLink, bridge_name(views.RED.id))) < tap
    assert kinds.index((do.StartDnsmasq, DHCP)) < tap
    assert kinds.index((do.LoadRules, ROUTER)) < tap


def test_everything_goes_and_nothing_else() -> None:
    host = finished()
    converge(host, Desired())
    links = host.namespaces[HOST].links
    assert links == {"lo": SeenLink("lo", 1, is_up=True), **FOREIGN}
    assert set(host.namespaces) == {HOST, "blue"}
    assert not host.processes and not host.listeners and not host.directories
    assert not leftovers(Desired(), host.observe())


@given(st.integers(0, 2**32))
def test_from_anywhere(seed: int) -> None:
    random = Random(seed)
    host = finished()
    for _ in range(random.randint(1, 6)):
        wipe(host, random)
    assert converge(host, DESIRED) <= 3
    before = finished()
    assert host.namespaces.keys() == before.namespaces.keys()
    assert host.namespaces[HOST].links.keys() == before.namespaces[HOST].links.keys()
    assert host.processes.keys() == before.processes.keys()
    for name, link in FOREIGN.items():
        if name != "eth1":
            assert host.namespaces[HOST].links[name] == link


def wipe(host: MemoryHost, random: Random) -> None:
    """Spoil one thing, as a person or a crash might."""
    name = random.choice(sorted(host.namespaces.keys() - {"blue"}))
    seen = host.namespaces[name]
    ours = sorted(seen.links.keys() - FOREIGN.keys() - {"lo"})
    link = seen.links[random.choice(ours)] if ours else None
    match random.randint(0, 8):
        case 0 if name != HOST:
            del host.namespaces[name]
            host.listeners.pop(name, None)
            if name in host.processes:
                lost = replace(host.processes[name], is_at_home=False)
                host.processes[name] = lost
        case 1 if link and name == HOST:
            host.remove_link(link.name)
        case 2 if link and name == HOST:
            links = {**seen.links, link.name: replace(link, is_up=not link.is_up)}
            host.namespaces[name] = replace(seen, links=links)
        case 3 if link:
            odd = replace(link, addresses=frozenset({"198.51.100.1/24"}))
            links = {**seen.links, link.name: odd}
            host.namespaces[name] = replace(seen, links=links)
        case 4:
            strange = random.choice([(), ("ip ringstack", "inet ringstack-old")])
            odd_rules = SeenRules(True, None, frozenset(strange))
            host.namespaces[name] = replace(seen, rules=odd_rules)
        case 5:
            odd_route = Route("198.51.100.0/24", "10.1.0.9")
            host.namespaces[name] = replace(
                seen, routes=frozenset({odd_route} if name != HOST else ()), sysctls={}
            )
        case 6 if host.processes:
            del host.processes[random.choice(sorted(host.processes))]
        case 7:
            stray = f"rs-dhcp-{random.randint(0, 9)}"
            host.namespaces[stray] = empty_namespace()
            host.processes[stray] = SeenProcess(7, "x", True)
            host.directories.add(stray)
        case _:
            links = {**seen.links, "rsr-stray": SeenLink("rsr-stray", 9000, "veth")}
            host.namespaces[name] = replace(seen, links=links)


@pytest.mark.parametrize("goal", [DESIRED, Desired()], ids=["up", "down"])
def test_killed_after_any_operation(goal: Desired) -> None:
    """The next agent starts with what the last one left, and gets there."""

    def start() -> MemoryHost:
        return host_with_foreign_things() if goal is DESIRED else finished()

    count = len(plan(goal, start().observe()))
    assert count > 10
    for done in range(count):
        host = start()
        host.apply(plan(goal, host.observe())[:done], goal)
        host.flows, host.listeners = {}, {}
        assert converge(host, goal) <= 2
        assert plan(goal, host.observe()) == []


def test_a_new_agent_loads_rules_and_tells_dnsmasq_once() -> None:
    host = finished()
    for name, seen in host.namespaces.items():
        if seen.rules.exists:
            host.namespaces[name] = replace(seen, rules=SeenRules(True, None))
    host.processes = {k: replace(v, files=None) for k, v in host.processes.items()}
    host.listeners = {}
    kinds = {type(one) for one in plan(DESIRED, host.observe())}
    assert kinds == {do.LoadRules, do.ReloadDnsmasq, do.OpenListener}


def test_a_new_port_restarts_nothing() -> None:
    host = finished()
    port = replace(views.GUEST, id="cccccccc-cccc-4000-8000-00000000000c")
    view = replace(views.VIEW, ports=(*views.VIEW.ports, port))
    operations = plan(desired_of(view), host.observe())
    assert {type(one) for one in operations} == {
        do.LoadRules,
        do.ReloadDnsmasq,
        do.AddLink,
        do.ShapeDevice,
    }


def test_a_changed_subnet_restarts_its_dnsmasq() -> None:
    host = finished()
    four, six = views.RED.subnets
    changed = replace(views.RED, subnets=(replace(four, dns_servers=()), six))
    view = replace(views.VIEW, networks=(changed, views.OFFICE, views.OUTER))
    process = host.processes[DHCP].process
    operations = plan(desired_of(view), host.observe())
    assert [type(one) for one in operations] == [do.StopProcess, do.StartDnsmasq]
    assert isinstance(operations[0], do.StopProcess)
    assert operations[0].process == process


def test_flows_of_a_port_that_lost_a_rule_are_judged_after_loading() -> None:
    host = finished()
    web, database = views.GROUPS
    view = replace(
        views.VIEW,
        security_groups=(replace(web, rules=web.rules[:3]), database),
    )
    kinds = [type(one) for one in plan(desired_of(view), host.observe())]
    assert kinds == [do.LoadRules, do.JudgeFlows]
    # Gaining one ends nothing.
    host.settle(desired_of(view))
    kinds = [type(one) for one in plan(desired_of(views.VIEW), host.observe())]
    assert do.JudgeFlows not in kinds


def test_a_floating_address_that_moves_ends_its_flows() -> None:
    host = finished()
    moved = FloatingIp("fip", views.ROUTER, "172.24.4.101", "10.1.0.8")
    view = replace(views.VIEW, floating_ips=(moved,))
    operations = plan(desired_of(view), host.observe())
    assert operations[-1] == do.EndTranslations(
        ROUTER, ROUTER, "172.24.4.101", "10.1.0.7"
    )
    assert do.LoadRules in {type(one) for one in operations}


def test_forwarded_ports_that_lead_elsewhere_end_their_flows() -> None:
    host = finished()
    assert len(host.namespaces[ROUTER].forwarded) == 5
    ssh, *rest = views.VIEW.port_forwardings
    moved = replace(ssh, fixed_address="10.1.0.8")
    view = replace(views.VIEW, port_forwardings=(moved, *rest[1:]))
    operations = plan(desired_of(view), host.observe())
    ended = [one for one in operations if isinstance(one, do.EndForwarded)]
    assert [one.key for one in ended] == [
        "172.24.4.102 . tcp . 2222",
        "172.24.4.102 . udp . 5000",
        "172.24.4.102 . udp . 5001",
    ]
    # Nobody may begin a flow again by the old rules.
    kinds = [type(one) for one in operations]
    assert kinds.index(do.LoadRules) < kinds.index(do.EndForwarded)


def test_an_uplink_that_is_not_there_is_left_out() -> None:
    host = MemoryHost()
    assert converge(host, DESIRED) == 1


def test_a_veth_whose_other_end_is_lost_is_made_anew() -> None:
    host = finished()
    host.namespaces[DHCP] = empty_namespace()
    kinds = [type(one) for one in plan(DESIRED, host.observe())]
    assert kinds.index(do.RemoveLink) < kinds.index(do.AddLink)


@pytest.mark.parametrize(
    ("concerns", "down"),
    [
        (TAP, {views.GUEST.id}),
        (DHCP, {views.GUEST.id, views.DHCP_PORT.id, views.ROUTER_PORT.id}),
        (ROUTER, {views.ROUTER_PORT.id, views.GATEWAY_PORT.id}),
        (do.RULES, {port.id for port in views.VIEW.ports}),
    ],
)
def test_which_ports_wait_for_what(concerns: str, down: set[str]) -> None:
    state = wired(views.VIEW, [do.RemoveNamespace(concerns)])
    assert {key for key, is_active in state.items() if not is_active} == down


def test_a_port_that_is_switched_off_is_never_active() -> None:
    ports = (replace(views.GUEST, admin_up=False),)
    assert not any(wired(replace(views.VIEW, ports=ports), []).values())


def test_a_view_that_names_what_it_does_not_hold() -> None:
    view = HostView("host-1", 1, (), views.VIEW.ports, (), views.VIEW.routers)
    desired = desired_of(view)
    assert not desired.links
    assert converge(MemoryHost(), desired) == 1


def test_addresses_that_the_kernel_gives_itself_are_left() -> None:
    host = finished()
    seen = host.namespaces[DHCP]
    (name,) = seen.links.keys() - {"lo"}
    link = seen.links[name]
    more = replace(link, addresses=link.addresses | {"fe80::1/64"})
    host.namespaces[DHCP] = SeenNamespace(
        {**seen.links, name: more}, seen.routes, seen.sysctls, seen.rules
    )
    assert plan(DESIRED, host.observe()) == []
