"""Flavors: who makes them, what they mean, what has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from test.unit.compute.balancer.house import House


def profile(house: House, **data: Any) -> Any:
    fields = {"name": "p", "provider_name": "haproxy", "flavor_data": json.dumps(data)}
    body = {"flavorprofile": fields}
    return house.ok("POST", "/flavorprofiles", body, roles="admin")["flavorprofile"]


def flavor(house: House, name: str = "small", **data: Any) -> Any:
    made = profile(house, **data)
    body = {"flavor": {"name": name, "flavor_profile_id": made["id"]}}
    return house.ok("POST", "/flavors", body, roles="admin")["flavor"]


def test_a_flavor_limits_what_is_served_at_once(house: House) -> None:
    small = flavor(house, connection_limit=50, loadbalancer_topology="SINGLE")
    balancer = house.balancer(flavor_id=small["id"])
    assert balancer["flavor_id"] == small["id"]
    house.listener(balancer)
    house.listener(balancer, protocol_port=81, connection_limit=7)
    house.listener(balancer, protocol_port=82, connection_limit=900)
    text = house.configuration(balancer)
    limits = [line.split()[1] for line in text.splitlines() if "maxconn" in line]
    assert limits == ["50", "7", "50"]
    house.listener(balancer, protocol="UDP", protocol_port=83)
    (served,) = house.client.host_view("alpha")
    assert [each.flows_max for each in served.datagrams] == [50]
    (found,) = house.ok("GET", "/loadbalancers", flavor_id=small["id"])["loadbalancers"]
    assert found["id"] == balancer["id"]


def test_what_is_used_stays_as_it_is(house: House) -> None:
    small = flavor(house, connection_limit=50)
    balancer = house.balancer(flavor_id=small["id"])
    mine, his = (
        f"/flavors/{small['id']}",
        f"/flavorprofiles/{small['flavor_profile_id']}",
    )
    assert house.ask("DELETE", mine, roles="admin").status == 409
    assert house.ask("DELETE", his, roles="admin").status == 409
    change = {"flavorprofile": {"flavor_data": "{}"}}
    assert house.ask("PUT", his, change, roles="admin").status == 409
    renamed = {"flavorprofile": {"name": "q"}}
    assert house.ok("PUT", his, renamed, roles="admin")["flavorprofile"]["name"] == "q"
    off = {"flavor": {"enabled": False, "description": "old"}}
    shown = house.ok("PUT", mine, off, roles="admin")["flavor"]
    assert (shown["enabled"], shown["description"]) == (False, "old")
    given = {"vip_subnet_id": house.subnet["id"], "flavor_id": small["id"]}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400
    house.delete(f"loadbalancers/{balancer['id']}")
    assert house.ask("DELETE", mine, roles="admin").status == 204
    assert house.ask("DELETE", his, roles="admin").status == 204


def test_who_sees_and_makes_them(house: House) -> None:
    small = flavor(house)
    assert house.ok("GET", "/flavors", name="small")["flavors"] == [small]
    assert house.ok("GET", "/flavors", enabled="false")["flavors"] == []
    assert house.ok("GET", f"/flavors/{small['id']}")["flavor"] == small
    others = [flavor(house, name)["id"] for name in ("big", "medium")]

    def listed(**query: str) -> list[str]:
        return [each["id"] for each in house.ok("GET", "/flavors", **query)["flavors"]]

    assert listed() == sorted([small["id"], *others])
    assert listed(sort="name:desc") == [small["id"], others[1], others[0]]
    assert listed(limit="1", marker=listed()[0]) == [listed()[1]]
    assert house.ask("GET", "/flavors", marker="x").status == 404
    assert house.ask("GET", "/flavors", sort="color").status == 400
    assert house.ask("GET", "/flavorprofiles").status == 403
    body = {"flavor": {"name": "n", "flavor_profile_id": small["flavor_profile_id"]}}
    assert house.ask("POST", "/flavors", body).status == 403
    assert house.ask("DELETE", f"/flavors/{small['id']}").status == 403
    told = house.ok("GET", "/providers/haproxy/flavor_capabilities")
    names = [each["name"] for each in told["flavor_capabilities"]]
    assert names == ["connection_limit", "loadbalancer_topology"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("[" * 4000, 400),
        ('{"compute_flavor": "x"}', 400),
        ('{"connection_limit": 0}', 400),
        ('{"connection_limit": true}', 400),
        ('{"connection_limit": 20001}', 400),
        ('{"loadbalancer_topology": "ACTIVE_STANDBY"}', 501),
    ],
)
def test_data_that_mean_nothing_here(house: House, data: str, status: int) -> None:
    fields = {"name": "p", "provider_name": "haproxy", "flavor_data": data}
    got = house.ask("POST", "/flavorprofiles", {"flavorprofile": fields}, roles="admin")
    assert got.status == status


def test_what_cannot_be(house: House) -> None:
    small = flavor(house)
    body = {
        "flavor": {"name": "small", "flavor_profile_id": small["flavor_profile_id"]}
    }
    assert house.ask("POST", "/flavors", body, roles="admin").status == 409
    nowhere = {"flavor": {"name": "n", "flavor_profile_id": small["id"]}}
    assert house.ask("POST", "/flavors", nowhere, roles="admin").status == 404
    other = {"name": "p", "provider_name": "amphora", "flavor_data": "{}"}
    got = house.ask("POST", "/flavorprofiles", {"flavorprofile": other}, roles="admin")
    assert got.status == 400
    given = {"vip_subnet_id": house.subnet["id"], "flavor_id": house.subnet["id"]}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400
