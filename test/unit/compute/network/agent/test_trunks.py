"""Trunks on a host: what the kernel is told, when, and that it converges."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from compute.network.agent import operations as do
from compute.network.agent.desired.desired import desired_state
from compute.network.agent.desired.host_rules import assign_zones
from compute.network.agent.model import HOST, Desired, LinkKind
from compute.network.agent.names import tags_of, trunk_device
from compute.network.agent.plan.plan import plan
from compute.network.agent.plan.wired import wired
from compute.network.agent.vlans.programs import joining, parting, program_name
from compute.network.port_names import tap_name
from compute.network.quality import Bandwidth, Quality
from compute.network.view import HostView, Port
from test.fakes.network_host import MemoryHost
from test.unit.compute.network.agent import views

PARENT = replace(views.OPEN_GUEST, quality=Quality())
SUBPORT = replace(
    views.GUEST,
    id="cccccccc-cccc-4000-8000-00000000000c",
    device_owner="trunk:subport",
    device_id="",
    trunk_port_id=PARENT.id,
    vlan=100,
    quality=Quality(),
)
SECOND = replace(SUBPORT, id="cdcdcdcd-cccc-4000-8000-00000000000d", vlan=7)
TRUNK, TAP, INNER = (
    tap_name(PARENT.id),
    tap_name(SUBPORT.id),
    trunk_device(SUBPORT.id),
)


def view_of(*ports: Port) -> HostView:
    rest = [views.DHCP_PORT, views.ROUTER_PORT, views.GATEWAY_PORT]
    return replace(views.VIEW, ports=(*ports, *rest))


def desired_of(view: HostView) -> Desired:
    return desired_state(view, views.SETTINGS, assign_zones(view.networks, {}))


def converge(host: MemoryHost, view: HostView) -> list[do.Operation]:
    """What was done until nothing was left."""
    desired, before = desired_of(view), len(host.done)
    for _ in range(10):
        operations = plan(desired, host.observe())
        if not operations:
            return host.done[before:]
        assert not host.apply(operations, desired)
        host.settle(desired)
    raise AssertionError(f"does not converge: {operations}")


def host_with(*ports: Port) -> MemoryHost:
    host = MemoryHost()
    converge(host, view_of(*ports))
    return host


def test_a_subport_is_a_veth_whose_inner_end_is_here() -> None:
    desired = desired_of(view_of(PARENT, SUBPORT))
    link = desired.links[TAP]
    assert (link.kind, link.inner_namespace) == (LinkKind.VETH, HOST)
    assert link.inner is not None and not link.inner.is_up
    assert desired.turns[TRUNK].ways == ((100, INNER),)
    assert desired.turns[INNER].through == TRUNK
    # The rules know it by its name, as any guest.
    assert f"chain source_{TAP} {{" in desired.rules
    assert f'iifname {{ "{TRUNK}" }} ether type {{ 0x8100, 0x88a8 }}' in desired.rules
    assert "0x8100" not in desired_of(view_of(PARENT)).rules


def test_what_is_told_is_told_once() -> None:
    host = host_with(PARENT, SUBPORT, SECOND)
    assert host.turns.keys() == {TRUNK, INNER, trunk_device(SECOND.id)}
    links = host.namespaces[HOST].links
    ways = sorted((p.vlan, links[trunk_device(p.id)].index) for p in (SUBPORT, SECOND))
    assert host.turns[TRUNK] == program_name(parting(ways))
    assert host.turns[INNER] == program_name(joining(100, links[TRUNK].index))
    assert converge(host, view_of(PARENT, SUBPORT, SECOND)) == []


def test_ways_are_there_before_the_trunk_opens_to_them() -> None:
    turned = [
        one.turn.device
        for one in host_with(PARENT, SUBPORT, SECOND).done
        if isinstance(one, do.TurnFrames)
    ]
    assert turned[-1] == TRUNK


def test_only_what_has_changed_is_told_again() -> None:
    host = host_with(PARENT, SUBPORT, SECOND)
    done = converge(host, view_of(PARENT, replace(SUBPORT, vlan=101), SECOND))
    told = {one.concerns for one in done if isinstance(one, do.TurnFrames)}
    assert told == {INNER, tags_of(TRUNK)}


@pytest.mark.parametrize("device", [TRUNK, TAP, INNER])
def test_a_device_that_was_taken_away_is_joined_again(device: str) -> None:
    host = host_with(PARENT, SUBPORT)
    host.remove_link(device)
    done = converge(host, view_of(PARENT, SUBPORT))
    turned = {one.turn.device for one in done if isinstance(one, do.TurnFrames)}
    assert turned == {TRUNK, INNER}


def test_a_program_that_was_taken_away_comes_back() -> None:
    host = host_with(PARENT, SUBPORT)
    host.turns[TRUNK] = "ringstack another"
    (one,) = converge(host, view_of(PARENT, SUBPORT))
    assert isinstance(one, do.TurnFrames) and one.turn.device == TRUNK


def test_an_inner_end_that_was_set_down_is_set_up() -> None:
    host = host_with(PARENT, SUBPORT)
    links = host.namespaces[HOST].links
    down = {**links, INNER: replace(links[INNER], is_up=False)}
    host.namespaces[HOST] = replace(host.namespaces[HOST], links=down)
    (one,) = converge(host, view_of(PARENT, SUBPORT))
    assert isinstance(one, do.TurnFrames) and one.turn.device == INNER


def test_the_last_subport_takes_the_program_along() -> None:
    host = host_with(PARENT, SUBPORT)
    converge(host, view_of(PARENT))
    links = host.namespaces[HOST].links
    assert host.turns == {} and TRUNK in links
    assert not {TAP, INNER} & links.keys()


def test_a_subport_without_its_trunk_is_nothing() -> None:
    strange = replace(SUBPORT, trunk_port_id=views.DHCP_PORT.id)
    for port in (SUBPORT, strange, replace(SUBPORT, trunk_port_id=SUBPORT.id)):
        desired = desired_of(view_of(port))
        assert desired.turns == {} and TAP not in desired.links


def test_speed_of_a_trunk_takes_its_program_away_and_brings_it_back() -> None:
    host = host_with(PARENT, SUBPORT)
    slow = replace(PARENT, quality=Quality(Bandwidth(1000), Bandwidth(1000)))
    done = [type(one) for one in converge(host, view_of(slow, SUBPORT))]
    assert done.index(do.ShapeDevice) < done.index(do.TurnFrames)
    assert TRUNK in host.turns
    converge(host, view_of(PARENT, SUBPORT))
    assert TRUNK in host.turns


def test_subports_pass_their_trunks_speed_by() -> None:
    slow = replace(PARENT, quality=Quality(ingress=Bandwidth(1000)))
    alone, trunk = (
        desired_of(view_of(*ports)).shapings[f"{HOST}/{TRUNK}/out"]
        for ports in ((slow,), (slow, SUBPORT))
    )
    assert "802.1q" not in alone.text
    assert f"protocol 802.1q prio 1 u32 match u32 0 0 flowid {trunk.handle:x}:0" in (
        trunk.text
    )
    assert alone.handle != trunk.handle


def test_a_subport_waits_for_its_trunks_program_and_the_trunk_does_not() -> None:
    view = view_of(PARENT, SUBPORT)
    turn = desired_of(view).turns[TRUNK]
    found = wired(view, [do.TurnFrames(turn.concerns, turn)])
    assert found[PARENT.id] and not found[SUBPORT.id]


def lines(program: bytes) -> list[tuple[int, int, int, int]]:
    return list(struct.iter_unpack("=BBhi", program))


@pytest.mark.parametrize("count", [1, 2, 4094])
def test_jumps_lead_to_where_frames_leave(count: int) -> None:
    """Followed by hand: the kernel itself is asked in the functional tests."""
    ways = [(vlan, 1000 + vlan) for vlan in range(1, count + 1)]
    program = lines(parting(ways))
    found = next(place for place, one in enumerate(program) if one[0] == 0x85) - 1
    drop = found - 2
    assert program[drop][0] == 0xB7 and program[drop][3] == 2
    for place, (operation, registers, offset, value) in enumerate(program):
        if operation == 0x15 and registers & 0xF == 7:
            assert place + 1 + offset == found
            assert program[place - 1][3] == 1000 + value
        if operation == 0x55 and place < drop:
            assert place + 1 + offset in (5, drop)
