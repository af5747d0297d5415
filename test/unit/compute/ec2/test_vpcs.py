"""What of a project's routers and subnets is a VPC, and what its routers are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.ec2 import ids
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.hops import hops_of, missing_hops
from compute.ec2.vpcs import (
    ATTACHED_GATEWAY,
    CIDR,
    LONE_GATEWAY,
    OF_VPC,
    ROUTER_INTERFACE,
    TRANSIT,
    Layout,
)
from compute.ec2.words import read_words, word

PROJECT = "f" * 32


def uuid(number: int) -> str:
    return f"{number:032x}"[::-1]


def router(number: int, leads_out: bool = False, **marks: str) -> dict[str, Any]:
    return {
        "id": uuid(number),
        "routes": [],
        "external_gateway_info": {"network_id": "n"} if leads_out else None,
        "tags": [word(f"ec2:{name}", value) for name, value in marks.items()],
    }


def subnet(number: int, cidr: str, *words: str) -> dict[str, Any]:
    return {"id": uuid(number), "cidr": cidr, "tags": list(words)}


def joined(of: int, to: int, address: str) -> dict[str, Any]:
    place = {"subnet_id": uuid(to), "ip_address": address}
    return {
        "device_owner": ROUTER_INTERFACE,
        "device_id": uuid(of),
        "fixed_ips": [place],
    }


def vpc_id(number: int) -> str:
    return ids.ec2_id(ids.VPC, uuid(number))


def name(mark: str) -> str:
    return mark.removeprefix("ec2:")


def test_what_has_no_router_is_in_the_default_vpc() -> None:
    layout = Layout(PROJECT, [], [], [subnet(1, "10.0.0.0/24")])
    assert list(layout.vpcs) == [layout.default]
    assert layout.vpc_of(uuid(1)) == layout.default
    # Somebody else's, of which nothing is known.
    assert layout.vpc_of(uuid(9)) == layout.default


def test_a_vpc_has_the_block_that_it_was_ordered_with_or_its_subnets() -> None:
    subnets = [subnet(11, "10.0.0.0/24"), subnet(12, "10.0.1.0/24")]
    ports = [joined(1, 11, "10.0.0.1"), joined(1, 12, "10.0.1.1")]
    found = Layout(PROJECT, [router(1)], ports, subnets).vpc(vpc_id(1))
    assert found.blocks == ["10.0.0.0/23"]
    ordered = router(1, **{name(CIDR): "10.0.0.0/16"})
    found = Layout(PROJECT, [ordered], ports, subnets).vpc(vpc_id(1))
    assert found.blocks == ["10.0.0.0/16"]


def test_a_table_whose_vpc_is_gone_is_one_by_itself() -> None:
    further = router(2, **{name(OF_VPC): vpc_id(1)})
    both = Layout(PROJECT, [further, router(1)], []).vpcs
    assert set(both) == {ids.ec2_id(ids.VPC, PROJECT), vpc_id(1)}
    assert [table.is_main for table in both[vpc_id(1)].tables] == [True, False]
    alone = Layout(PROJECT, [further], []).vpcs
    assert set(alone) == {ids.ec2_id(ids.VPC, PROJECT), vpc_id(2)}


def test_a_gateway_is_shown_once() -> None:
    """Also between the moments at which its two keepers are written."""
    attached = router(1, **{name(ATTACHED_GATEWAY): "igw-1"})
    lone = router(2, **{name(LONE_GATEWAY): "igw-1"})
    layout = Layout(PROJECT, [attached, lone], [])
    assert [each.router["id"] for each in layout.gateways.values()] == [uuid(1)]
    assert vpc_id(2) not in layout.vpcs
    made_elsewhere = Layout(PROJECT, [router(3, leads_out=True)], []).gateways
    assert list(made_elsewhere) == [ids.ec2_id(ids.GATEWAY, uuid(3))]
    with pytest.raises(Ec2Error) as caught:
        layout.gateway("igw-00000000")
    assert caught.value.code == "InvalidInternetGatewayID.NotFound"


@given(some.lists(some.integers(0, 3), max_size=8), some.randoms(use_true_random=False))
def test_each_router_is_told_of_what_the_others_lead_to(
    owners: list[int], random: Any
) -> None:
    routers = [
        router(number, **({name(OF_VPC): vpc_id(0)} if number else {}))
        for number in range(4)
    ]
    subnets = [subnet(99, "198.19.255.0/24", word(TRANSIT, vpc_id(0)))]
    ports = [joined(each, 99, f"198.19.255.{each + 1}") for each in range(4)]
    for number, owner in enumerate(owners):
        subnets.append(subnet(100 + number, f"10.0.{number}.0/24"))
        ports.append(joined(owner, 100 + number, f"10.0.{number}.1"))
    own = {"destination": "172.16.0.0/12", "nexthop": "10.0.0.7"}
    for each in routers:
        old = [f"10.0.{random.randint(0, 9)}.0/24" for _ in range(3)]
        each["routes"] = [own] + [
            {"destination": to, "nexthop": "198.19.255.9"} for to in old
        ]
    vpc = Layout(PROJECT, routers, ports, subnets).vpc(vpc_id(0))
    for table in vpc.tables:
        assert table.router is not None
        more, less = missing_hops(vpc, table)
        had = hops_of(table.router)
        number = routers.index(table.router)  # type: ignore[arg-type]
        assert had - less | more == {("172.16.0.0/12", "10.0.0.7")} | {
            (f"10.0.{place}.0/24", f"198.19.255.{owner + 1}")
            for place, owner in enumerate(owners)
            if owner != number
        }


@given(some.text(min_size=1).filter(lambda key: "=" not in key), some.text())
def test_words_carry_any_tag(key: str, value: str) -> None:
    try:
        (key + value).encode()
    except UnicodeEncodeError:
        return
    kept = word(key, value)
    assert not set(kept) & set(",/")
    assert read_words({"tags": [kept, "plain"]}) == {key: value}
