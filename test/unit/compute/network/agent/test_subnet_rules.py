"""What passes a router into subnets that have rules, and out of them."""

from __future__ import annotations

from compute.network.agent.rules.subnets import Gate, chains, jumps
from compute.network.view import Direction, PacketRule, Rule

IN, OUT = Direction.INGRESS, Direction.EGRESS
WEB = PacketRule(True, Rule("0", IN, 4, 6, 80, 80, "10.2.0.0/16"))
NOBODY = PacketRule(False, Rule("1", IN, 4, remote_prefix="192.0.2.0/24"))
ANYBODY = PacketRule(True, Rule("2", OUT, 4))


def test_the_first_rule_that_fits_decides_and_the_rest_is_dropped() -> None:
    text = chains([Gate("rsi-a", "", (NOBODY, WEB, ANYBODY))], 4)
    assert [line.strip() for line in text.splitlines()] == [
        "chain leaving_0 {",
        "return",
        "drop",
        "}",
        "chain entering_0 {",
        "ip saddr 192.0.2.0/24 drop",
        "ip saddr 10.2.0.0/16 meta l4proto 6 th dport 80 return",
        "drop",
        "}",
    ]


def test_each_way_has_its_chain() -> None:
    gates = [Gate("rsi-a", "", ()), Gate("rsi-b", "fd00:2::/64", ())]
    assert jumps(gates, 6) == [
        'iifname "rsi-a" jump leaving_0',
        'oifname "rsi-a" jump entering_0',
        'iifname "rsi-b" ip6 saddr fd00:2::/64 jump leaving_1',
        'oifname "rsi-b" ip6 daddr fd00:2::/64 jump entering_1',
    ]


def test_without_rules_there_is_nothing() -> None:
    assert (chains([], 4), jumps([], 4)) == ("", [])
