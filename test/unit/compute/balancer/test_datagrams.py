"""Listeners of UDP: what hosts are told, and the rules that they write of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from compute.balancer import rules
from compute.balancer.agent.datagram_rules import (
    PLACES_MAX,
    Standing,
    choice,
    digest_of,
    fewest_first,
    marks_of,
    rules_text,
    transaction,
    turns,
)
from compute.balancer.agent.flow_lines import Flow, parse_flows
from compute.balancer.agent.serving import SimServing
from compute.balancer.datagrams import DatagramListener, DatagramMember
from compute.balancer.view import Report, decode_reports, decode_view, encode_reports
from compute.core.errors import BadRequest
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST

ONE = DatagramMember("11111111-a", "10.0.0.5", 53, 3, False, True)
TWO = DatagramMember("22222222-b", "10.0.0.6", 53, 1, False, True)
SPARE = DatagramMember("33333333-c", "10.0.0.7", 53, 1, True, True)
LISTENER = DatagramListener("abcd-ef", 53, 100, "ROUND_ROBIN", 0, 32, (ONE, TWO, SPARE))


def served(house: House, **pool: Any) -> tuple[Any, Any]:
    given = {"protocol": "UDP", "lb_algorithm": "ROUND_ROBIN", **pool}
    balancer = house.balancer()
    listener = house.listener(
        balancer, protocol="UDP", protocol_port=53, default_pool=given
    )
    return balancer, listener


def test_what_a_host_is_told(house: House) -> None:
    sticky = {"type": "SOURCE_IP", "persistence_granularity": "255.255.0.0"}
    monitor = {"type": "UDP-CONNECT", "delay": 3, "timeout": 2, "max_retries": 1}
    members = [{"address": "10.1.0.10", "protocol_port": 5353, "weight": 2}]
    _, listener = served(
        house, session_persistence=sticky, healthmonitor=monitor, members=members
    )
    (view,) = house.client.host_view(HOST)
    assert view.configuration == ""  # haproxy has no part in it
    (told,) = view.datagrams
    assert (told.id, told.port, told.flows_max) == (listener["id"], 53, 20000)
    assert (told.sticky_seconds, told.sticky_bits) == (360, 16)
    assert [(one.address, one.port, one.weight) for one in told.members] == [
        ("10.1.0.10", 5353, 2)
    ]
    (probe,) = view.probes
    assert (probe.type, probe.port, probe.rise, probe.fall) == (
        "UDP-CONNECT",
        5353,
        1,
        3,
    )
    (pool,) = house.ok("GET", "/pools")["pools"]
    assert pool["session_persistence"]["persistence_granularity"] == "255.255.0.0"
    house.change(f"listeners/{listener['id']}", "listener", admin_state_up=False)
    (view,) = house.client.host_view(HOST)
    assert view.datagrams == ()


def test_a_port_may_be_two_listeners(house: House) -> None:
    balancer, _ = served(house)
    assert house.listener(balancer, protocol="TCP", protocol_port=53)["id"]
    for protocol in ("UDP", "HTTP"):
        wrong = {"protocol": protocol, "protocol_port": 53}
        got = house.refused(
            "listeners", "listener", loadbalancer_id=balancer["id"], **wrong
        )
        assert got[0] == 409
    group = house.network.list("security_group_rule", roles="admin")
    seen = {
        (each["protocol"], each["port_range_min"])
        for each in group
        if each["port_range_min"]
    }
    assert {("udp", 53), ("tcp", 53)} <= seen


def test_pings_and_other_versions(house: House) -> None:
    balancer = house.balancer()
    house.listener(
        balancer, default_pool={"protocol": "HTTP", "lb_algorithm": "SOURCE_IP"}
    )
    (pool,) = house.ok("GET", "/pools")["pools"]
    house.member(pool, "10.1.0.10", monitor_address="10.1.0.11")
    monitor = {"type": "PING", "delay": 3, "timeout": 2, "max_retries": 1}
    house.make("healthmonitors", "healthmonitor", pool_id=pool["id"], **monitor)
    (view,) = house.client.host_view(HOST)
    assert [(each.type, each.address) for each in view.probes] == [
        ("PING", "10.1.0.11")
    ]
    assert " check " not in view.configuration  # haproxy cannot
    udp = house.pool(protocol="UDP", loadbalancer_id=balancer["id"])
    house.listener(
        balancer, protocol="UDP", protocol_port=53, default_pool_id=udp["id"]
    )
    house.member(udp, "fd00::1", 53)
    ((told,),) = [view.datagrams for view in house.client.host_view(HOST)]
    assert [(each.address, each.weight) for each in told.members] == [("fd00::1", 0)]
    got = house.refused("healthmonitors", "healthmonitor", pool_id=udp["id"], **monitor)
    assert got[0] == 400


def test_nobody_serves_them_either(house: House) -> None:
    members = [{"address": "10.1.0.10", "protocol_port": 5353}]
    served(house, members=members)
    views = house.client.host_view(HOST)
    outcome = SimServing().serve(views, {})[views[0].balancer_id]
    (listener,) = views[0].datagrams
    assert outcome.figures.servers == {listener.members[0].id: ["no check"]}
    report = Report("b", 1, counters={listener.id: "simulated"})
    assert decode_reports(encode_reports("", [report])) == ("", [report])


@pytest.mark.parametrize(
    "mask", ["255.0.255.0", "0.0.0.0", "129", "x; flush ruleset", "fe80::1%eth0", "-1"]
)
def test_masks_that_are_none(mask: str) -> None:
    given = {"type": "SOURCE_IP", "persistence_granularity": mask}
    with pytest.raises(BadRequest):
        rules.persistence(given, "UDP")


def test_who_gets_new_flows() -> None:
    assert choice(LISTENER, {}) == [ONE, TWO]
    assert choice(LISTENER, {ONE.id: "DOWN"}) == [TWO]
    assert choice(LISTENER, {ONE.id: "DOWN", TWO.id: "DOWN"}) == [SPARE]
    assert choice(LISTENER, dict.fromkeys((ONE.id, TWO.id, SPARE.id), "DOWN")) == []
    off = replace(ONE, is_on=False)
    drained = replace(TWO, weight=0)
    assert choice(replace(LISTENER, members=(off, drained)), {}) == []


def test_turns_are_as_the_weights_are_and_well_mixed() -> None:
    assert turns((3, 1)) == (0, 0, 1, 0)
    assert turns((2, 2)) == (0, 1)
    many = Counter(turns(tuple([256] * 30)))
    assert set(many.values()) == {1}
    few = turns((256, 1, *[255] * 40))
    assert len(few) <= PLACES_MAX + 42 and Counter(few)[1] >= 1


def test_the_fewest_come_first() -> None:
    order = fewest_first((1, 1), (5, 0))
    assert order[:6] == (1, 1, 1, 1, 1, 0)
    shares = Counter(fewest_first((3, 1), (0, 0)))
    assert shares[0] == 3 * shares[1]


def test_members_keep_their_numbers() -> None:
    before = marks_of(LISTENER)
    after = marks_of(replace(LISTENER, members=(TWO,)))
    assert before[TWO.id] == after[TWO.id] and len(set(before.values())) == 3


def test_the_rules() -> None:
    sticky = replace(LISTENER, sticky_seconds=60, sticky_bits=24)
    text = rules_text("192.0.2.1", [sticky], {}, {})
    assert "ip saddr & 255.255.255.0 map @sticky_abcdef_60_24" in text
    assert "dnat ip to 10.0.0.5:53" in text and "10.0.0.7" not in text
    assert "policy drop;" in text
    # Nobody is well: the kernel says that the port is closed.
    nobody = rules_text(
        "192.0.2.1",
        [LISTENER],
        dict.fromkeys((ONE.id, TWO.id, SPARE.id), "DOWN"),
        {},
    )
    assert "goto" not in nobody and "counter name in_abcdef" in nobody
    six = replace(LISTENER, members=(replace(ONE, address="fd00::5"),))
    text = rules_text("fd00::1", [six], {}, {})
    assert "dnat ip6 to [fd00::5]:53" in text


def test_a_transaction_keeps_what_outlives_it() -> None:
    text = rules_text("192.0.2.1", [LISTENER], {}, {})
    first = transaction("ip", text, digest_of(text), Standing(), "0a")
    assert "chain origin_0a {" in first and "delete" not in first
    standing = Standing(
        frozenset({"before", "member_gone_1", "digest_old", "origin_0a"}),
        frozenset({"sticky_gone_1_1"}),
        {"in_abcdef": 5, "in_gone": 6},
    )
    second = transaction("ip", text, digest_of(text), standing, "0b")
    assert "delete chain ip ringstack_udp digest_old\n" in second
    assert "delete counter ip ringstack_udp in_gone\n" in second
    assert "delete map ip ringstack_udp sticky_gone_1_1\n" in second
    assert "origin_0b" not in second and second.count("delete") == 4


def test_flows_as_they_are_printed() -> None:
    text = (
        "udp      17 29 src=10.0.0.9 dst=10.0.0.3 sport=4000 dport=53"
        " src=10.0.0.5 dst=10.0.0.3 sport=53 dport=4000 mark=77 use=1\n"
        "tcp      6 29 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 mark=0\nnonsense\n"
    )
    assert parse_flows(text) == [Flow(53, 77)]


def test_views_that_are_none() -> None:
    from objectstore.kernel.errors import Corrupt

    item = b'{"id":"b","generation":1,"address":"","configuration":"","problem":"",'
    for rest in (b'"datagrams":[{"members":[{}]}],"probes":[]', b'"probes":[1]'):
        with pytest.raises(Corrupt):
            decode_view(b'{"version":4,"balancers":[' + item + rest + b"}]}")
