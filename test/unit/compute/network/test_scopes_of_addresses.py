"""Address scopes of networks, and subnets that come into pools."""

from __future__ import annotations

from typing import Any

from test.unit.compute.network.house import HOST, OTHER, House


def pool(house: House, name: str, prefix: str, **fields: Any) -> Any:
    return house.make("subnetpool", name=name, prefixes=[prefix], **fields)


def onboard(house: House, pool_id: str, network_id: str, **who: Any) -> Any:
    path = f"/v2.0/subnetpools/{pool_id}/onboard_network_subnets"
    return house.ask("PUT", path, {"network_id": network_id}, **who)


def test_a_network_is_in_the_scope_of_its_pool(house: House) -> None:
    scope = house.make("address_scope", name="s", ip_version=4)
    inside = pool(
        house, "a", "10.8.0.0/16", address_scope_id=scope["id"], default_prefixlen=24
    )
    network = house.make("network")
    where = {"network_id": network["id"], "ip_version": 4}
    house.make("subnet", subnetpool_id=inside["id"], **where)
    shown = house.show("network", network["id"])
    assert shown["ipv4_address_scope"] == scope["id"]
    assert shown["ipv6_address_scope"] is None
    refused = house.refused("subnet", cidr="10.9.0.0/24", **where)
    assert refused == (400, "NetworkAddressScopeAffinityError")
    house.make(
        "port",
        network_id=network["id"],
        device_owner="compute:nova",
        binding__host_id=HOST,
        as_roles="admin",
    )
    (seen,) = (one for one in house.view().networks if one.id == network["id"])
    assert [each.scope for each in seen.subnets] == [scope["id"]]
    house.listen("network.host." + HOST)
    house.change("subnetpool", inside["id"], address_scope_id=None)
    assert house.woken
    assert house.show("network", network["id"])["ipv4_address_scope"] is None


def test_subnets_come_into_a_pool(house: House) -> None:
    network, subnet = house.network("10.1.0.0/24")
    mine = pool(house, "p", "10.2.0.0/16")
    shown = onboard(house, mine["id"], network["id"]).json["subnetpool"]
    assert shown["prefixes"] == ["10.1.0.0/24", "10.2.0.0/16"]
    assert house.show("subnet", subnet["id"])["subnetpool_id"] == mine["id"]
    again = onboard(house, mine["id"], network["id"])
    assert (again.status, again.error) == (400, "IllegalSubnetPoolUpdate")


def test_what_may_not_come_into_a_pool(house: House) -> None:
    network, subnet = house.network("10.1.0.0/24")
    six = pool(house, "six", "fd00::/48")
    assert onboard(house, six["id"], network["id"]).status == 400
    scope = house.make("address_scope", name="s", ip_version=4)
    within = {"address_scope_id": scope["id"]}
    pool(house, "a", "10.1.0.0/16", **within)
    other = pool(house, "b", "10.3.0.0/16", **within)
    meets = onboard(house, other["id"], network["id"])
    assert (meets.status, meets.error) == (409, "AddressScopePrefixConflict")
    narrow = pool(house, "n", "10.4.0.0/16", default_quota=255)
    many = onboard(house, narrow["id"], network["id"])
    assert many.error == "SubnetPoolQuotaExceeded"
    house.change("network", network["id"], shared=True, as_roles="admin")
    foreign = pool(house, "f", "10.5.0.0/16", as_project=OTHER)
    assert onboard(house, foreign["id"], network["id"], project=OTHER).status == 403
    assert house.show("subnet", subnet["id"])["subnetpool_id"] is None


def test_a_pools_other_scope_parts_no_network(house: House) -> None:
    scope = house.make("address_scope", name="s", ip_version=4)["id"]
    mine = pool(house, "a", "10.8.0.0/16", default_prefixlen=24)["id"]
    network = house.make("network")
    where = {"network_id": network["id"], "ip_version": 4}
    house.make("subnet", subnetpool_id=mine, **where)
    beside = house.make("subnet", cidr="10.9.0.0/24", **where)["id"]
    refused = house.change_refused("subnetpool", mine, address_scope_id=scope)
    assert refused == (400, "NetworkAddressScopeAffinityError")
    house.change("subnetpool", mine, address_scope_id=None, name="b")
    house.delete("subnet", beside)
    house.change("subnetpool", mine, address_scope_id=scope)
    assert house.show("network", network["id"])["ipv4_address_scope"] == scope
