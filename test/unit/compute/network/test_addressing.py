"""No address has two owners, whatever runs at the same time."""

from __future__ import annotations

import ipaddress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from compute.network.links import prefixes
from objectstore.kernel import concurrency
from test.unit.compute.network.conftest import Make
from test.unit.compute.network.house import House

GREENLETS = 40


def test_many_at_once_get_an_address_each(make: Make) -> None:
    house = make(quota_port=-1)
    network, _ = house.network("10.1.0.0/26")  # 61 free addresses
    seed = Random().getrandbits(32)
    print("seed", seed)
    random = Random(seed)
    owned: dict[str, str] = {}
    clashes: list[str] = []

    def live() -> None:
        for _ in range(4):
            got = house.ask(
                "POST", "/v2.0/ports", {"port": {"network_id": network["id"]}}
            )
            if got.status == 409:
                assert got.error == "IpAddressGenerationFailure"
                continue
            port = got.json["port"]
            address = port["fixed_ips"][0]["ip_address"]
            if address in owned:
                clashes.append(address)
            owned[address] = port["id"]
            if random.random() < 0.5:
                del owned[address]
                assert house.delete("port", port["id"]).status == 204

    tasks = [concurrency.spawn(live) for _ in range(GREENLETS)]
    for task in tasks:
        task.wait()
    assert clashes == []
    ports = house.list("port", network_id=network["id"])
    held = [each["ip_address"] for port in ports for each in port["fixed_ips"]]
    assert sorted(held) == sorted(owned)


def test_one_address_wanted_by_many_is_one_ports(house: House) -> None:
    network, _ = house.network()
    wish = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.1.0.9"}]}
    tasks = [
        concurrency.spawn(house.ask, "POST", "/v2.0/ports", {"port": wish})
        for _ in range(20)
    ]
    statuses = sorted(task.wait().status for task in tasks)
    assert statuses == [201] + [409] * 19


@given(
    taken=st.sets(st.integers(0, 40)), first=st.integers(0, 40), size=st.integers(0, 40)
)
def test_the_first_free_number(taken: set[int], first: int, size: int) -> None:
    within = prefixes.Range(first, first + size)
    inside = sorted(number for number in taken if within.holds(number))
    free = [n for n in range(first, first + size + 1) if n not in taken]
    assert prefixes.first_free(within, inside) == (free[0] if free else None)


@settings(max_examples=50)
@given(
    lengths=st.lists(st.integers(22, 28), min_size=1, max_size=40), seed=st.integers()
)
def test_prefixes_cut_from_a_pool_never_meet(lengths: list[int], seed: int) -> None:
    random = Random(seed)
    taken: list[str] = []
    for length in lengths:
        found = prefixes.free_prefix(["10.0.0.0/23", "10.0.4.0/24"], taken, length)
        if found is None:
            continue
        mine = ipaddress.ip_network(found)
        assert mine.prefixlen == length
        assert not any(mine.overlaps(ipaddress.ip_network(each)) for each in taken)
        taken.append(found)
        if random.random() < 0.2:
            taken.remove(random.choice(taken))


@given(number=st.integers(0, 2**128 - 1), other=st.integers(0, 2**128 - 1))
def test_numbers_sort_as_addresses(number: int, other: int) -> None:
    texts = [prefixes.number_text(prefixes.address_text(n, 6)) for n in (number, other)]
    assert (texts[0] < texts[1]) == (number < other)


def test_default_pools_go_around_the_gateway() -> None:
    prefix = prefixes.parse_prefix("10.0.0.0/29")
    assert prefixes.default_pools(prefix, "10.0.0.3") == [
        {"start": "10.0.0.1", "end": "10.0.0.2"},
        {"start": "10.0.0.4", "end": "10.0.0.6"},
    ]
    assert prefixes.default_pools(prefixes.parse_prefix("10.0.0.4/31"), "") == [
        {"start": "10.0.0.4", "end": "10.0.0.5"}
    ]
