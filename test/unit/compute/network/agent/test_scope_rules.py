"""What passes a router between address scopes."""

from __future__ import annotations

from compute.network.agent.rules.scopes import Side, keeps_address, scope_rules

RED = Side("rsi-red", ("10.1.0.0/24",), "scope-1")
BLUE = Side("rsi-blue", ("10.2.0.0/24",), "scope-2")
PLAIN = Side("rsi-plain", ("10.3.0.0/24",))
OUT = Side("rsg-out", ("172.24.4.0/24",))


def test_where_there_is_one_scope_everything_passes() -> None:
    assert scope_rules([PLAIN], OUT, snat=True) == []
    assert scope_rules([RED, Side("rsi-more", (), "scope-1")], None) == []
    assert scope_rules([], None) == []


def test_scopes_are_apart_and_none_is_one_too() -> None:
    assert scope_rules([RED, BLUE, PLAIN], None) == [
        "ct status dnat accept",
        'iifname "rsi-red" oifname { "rsi-blue", "rsi-plain" } drop',
        'iifname "rsi-blue" oifname { "rsi-plain", "rsi-red" } drop',
        'iifname "rsi-plain" oifname { "rsi-blue", "rsi-red" } drop',
    ]


def test_out_of_a_scope_one_goes_in_anothers_name() -> None:
    assert scope_rules([RED], OUT, snat=True) == [
        "ct status dnat accept",
        'iifname "rsg-out" oifname { "rsi-red" } ct state new drop',
        # Of networks behind other routers nobody hides the addresses.
        'iifname { "rsi-red" } oifname "rsg-out" ip saddr != { 10.1.0.0/24 } drop',
    ]
    assert scope_rules([RED], OUT, lends=True) == [
        "ct status dnat accept",
        'iifname "rsg-out" oifname { "rsi-red" } ct state new drop',
    ]
    assert scope_rules([RED], OUT, translated=["10.1.0.7"]) == [
        "ct status dnat accept",
        'iifname "rsg-out" oifname { "rsi-red" } ct state new drop',
        'oifname "rsg-out" ip saddr { 10.1.0.7 } accept',
        'iifname { "rsi-red" } oifname "rsg-out" drop',
    ]


def test_within_a_scope_addresses_are_kept() -> None:
    outer = Side("rsg-out", ("172.24.4.0/24",), "scope-1")
    assert keeps_address(RED, outer)
    assert not keeps_address(BLUE, outer)
    assert not keeps_address(PLAIN, OUT)
    assert not keeps_address(RED, None)
