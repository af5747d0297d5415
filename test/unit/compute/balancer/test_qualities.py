"""QoS policies of load balancers' addresses: whose, and on which port."""

from __future__ import annotations

from typing import Any

from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import OTHER, OWNER


def quality(house: House, project: str) -> str:
    fields = {"name": "q", "project_id": project}
    path = "/v2.0/qos/policies"
    made = house.network.ok("POST", path, {"policy": fields}, roles="admin")
    return str(made["policy"]["id"])


def on_port(house: House, balancer: Any) -> Any:
    return house.network.show("port", balancer["vip_port_id"])["qos_policy_id"]


def test_only_those_that_the_project_sees(house: House) -> None:
    mine, foreign = quality(house, OWNER), quality(house, OTHER)
    given = {"vip_subnet_id": house.subnet["id"], "vip_qos_policy_id": foreign}
    assert house.refused("loadbalancers", "loadbalancer", **given)[0] == 400
    balancer = house.balancer(vip_qos_policy_id=mine)
    assert on_port(house, balancer) == mine
    path = f"loadbalancers/{balancer['id']}"
    body = {"loadbalancer": {"vip_qos_policy_id": foreign}}
    assert house.ask("PUT", f"/{path}", body).status == 400
    house.change(path, "loadbalancer", vip_qos_policy_id=None)
    assert on_port(house, balancer) is None


def test_what_the_operator_has_put_there_stays(house: House) -> None:
    balancer = house.balancer()
    theirs = quality(house, OTHER)
    port = f"/v2.0/ports/{balancer['vip_port_id']}"
    body = {"port": {"qos_policy_id": theirs}}
    house.network.ok("PUT", port, body, roles="admin")
    path = f"loadbalancers/{balancer['id']}"
    house.change(path, "loadbalancer", vip_qos_policy_id=None)
    assert on_port(house, balancer) == theirs


def test_a_port_that_was_there_gets_it_too(house: House) -> None:
    mine = quality(house, OWNER)
    port = house.network.make("port", network_id=house.net["id"])
    balancer = house.balancer(
        vip_subnet_id=None, vip_port_id=port["id"], vip_qos_policy_id=mine
    )
    assert on_port(house, balancer) == mine
