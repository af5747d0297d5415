"""Which flows today's rules let live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compute.network.agent.rules.flows import (
    Flow,
    ended,
    has_lost,
    may_live,
    parse_flow,
    port_flows,
)
from test.unit.compute.network.agent import views

ZONES = {network.id: 1 for network in views.VIEW.networks}
PORT = port_flows(views.VIEW, ZONES)[views.GUEST.id]

TCP = (
    "tcp      6 431999 ESTABLISHED src=10.1.0.6 dst=10.1.0.7 sport=4000 dport=5432 "
    "src=10.1.0.7 dst=10.1.0.6 sport=5432 dport=4000 [ASSURED] mark=0 zone=1 use=1"
)
PING = (
    "icmpv6   58 29 src=fd00:1::9 dst=fd00:1::7 type=128 code=0 id=1 "
    "src=fd00:1::7 dst=fd00:1::9 type=129 code=0 id=1 mark=0 zone=1 use=1"
)


def test_lines_of_conntrack() -> None:
    assert parse_flow(TCP) == Flow(6, "10.1.0.6", "10.1.0.7", 4000, 5432)
    assert parse_flow(PING) == Flow(58, "fd00:1::9", "fd00:1::7", 0, 128)
    for line in ("", "conntrack v1.4.7 (conntrack-tools): 2 shown", "a 6 b"):
        assert parse_flow(line) is None


@pytest.mark.parametrize(
    ("flow", "lives"),
    [
        (Flow(6, "10.1.0.6", "10.1.0.7", 4000, 5432), True),  # a member
        (Flow(6, "10.1.0.5", "10.1.0.7", 4000, 5432), False),  # none
        (Flow(6, "198.51.100.1", "10.1.0.7", 4000, 81), True),  # anybody
        (Flow(6, "198.51.100.1", "10.1.0.7", 4000, 82), False),
        (Flow(17, "198.51.100.1", "10.1.0.7", 4000, 81), False),
        (Flow(6, "203.0.113.77", "10.1.0.7", 4000, 22), True),  # by prefix
        (Flow(6, "203.0.114.77", "10.1.0.7", 4000, 22), False),
        (Flow(1, "198.51.100.1", "10.1.0.7", 0, 8), True),
        (Flow(1, "198.51.100.1", "10.1.0.7", 0, 13), False),
        (Flow(58, "fd00::9", "fd00:1::7", 0, 128), True),
        (Flow(6, "fd00::9", "fd00:1::7", 1, 81), False),  # the rule is for IPv4
        (Flow(6, "10.1.0.7", "198.51.100.1", 4000, 443), True),  # out: all
        (Flow(6, "10.1.0.8", "10.1.0.9", 4000, 443), True),  # not its own
    ],
)
def test_flows(flow: Flow, lives: bool) -> None:
    assert may_live(flow, PORT) is lives
    assert ended([flow], PORT) == ([] if lives else [flow])


def test_what_counts_as_a_loss() -> None:
    assert PORT.permits is not None
    fewer = replace(PORT, permits=frozenset(list(PORT.permits)[1:]))
    unguarded = replace(PORT, permits=None)
    assert has_lost(PORT, fewer)
    assert not has_lost(fewer, PORT)
    assert has_lost(unguarded, PORT)
    assert not has_lost(PORT, unguarded)
    assert not has_lost(PORT, PORT)


def test_a_member_that_leaves_is_a_loss() -> None:
    web, database = views.GROUPS
    view = replace(
        views.VIEW, security_groups=(replace(web, members=web.members[1:]), database)
    )
    assert has_lost(PORT, port_flows(view, ZONES)[views.GUEST.id])
