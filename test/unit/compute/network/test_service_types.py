"""Subnets that are kept for ports of some owners."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.network.house import House


def subnet(house: House, network: str, cidr: str, *kinds: str, **more: Any) -> Any:
    version = 6 if ":" in cidr else 4
    where = {"network_id": network, "ip_version": version, "cidr": cidr}
    return house.make("subnet", **where, service_types=list(kinds), **more)


def address(house: House, network: str, owner: str = "") -> str:
    who = {"as_roles": "admin"} if owner else {}
    port = house.make("port", network_id=network, device_owner=owner, **who)
    (fixed,) = port["fixed_ips"]
    return str(fixed["ip_address"])


def test_a_port_has_its_address_from_a_subnet_for_its_owner(house: House) -> None:
    network = house.make("network")["id"]
    kept = subnet(house, network, "10.1.0.0/24", "compute:", "some:thing")
    assert kept["service_types"] == ["compute:", "some:thing"]
    house.clock.advance(1)
    subnet(house, network, "10.2.0.0/24")
    assert address(house, network, "compute:nova").startswith("10.1.")
    assert address(house, network, "some:thing").startswith("10.1.")
    assert address(house, network, "some:things").startswith("10.2.")
    assert address(house, network).startswith("10.2.")
    house.change("subnet", kept["id"], service_types=[])
    assert address(house, network).startswith("10.1.")


def test_without_a_subnet_for_its_owner_a_port_is_refused(house: House) -> None:
    network = house.make("network")["id"]
    only = subnet(house, network, "10.1.0.0/24", "some:thing")
    assert house.refused("port", network_id=network) == (
        409,
        "IpAddressGenerationFailureNoMatchingSubnet",
    )
    # Whoever names the subnet knows what he does.
    wish = [{"subnet_id": only["id"]}]
    assert house.make("port", network_id=network, fixed_ips=wish)["fixed_ips"]


def test_floating_ips_may_have_a_subnet_of_their_own(house: House) -> None:
    admin = {"as_roles": "admin"}
    network = house.make("network", router__external=True, **admin)["id"]
    quiet = {"enable_dhcp": False, **admin}
    subnet(house, network, "192.0.2.0/24", "network:floatingip", **quiet)
    subnet(house, network, "10.5.0.0/24", "network:router_gateway", **quiet)
    floating = house.make("floatingip", floating_network_id=network)
    assert floating["floating_ip_address"].startswith("192.0.2.")
    way_out = {"external_gateway_info": {"network_id": network}}
    router = house.make("router", **way_out)
    (fixed,) = router["external_gateway_info"]["external_fixed_ips"]
    assert fixed["ip_address"].startswith("10.5.")


@pytest.mark.parametrize("wrong", ["some:thing", [""], [7], ["a", "a"], ["a"] * 21])
def test_service_types_are_a_short_list_of_names(house: House, wrong: Any) -> None:
    network = house.make("network")["id"]
    body = {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"}
    assert house.refused("subnet", **body, service_types=wrong)[0] == 400
