"""QoS policies of what leaves by routers: their gateways, and external networks."""

from __future__ import annotations

from typing import Any

from test.unit.compute.network.house import HOST, OTHER, House


def policy(house: House, kbps: int, **fields: Any) -> str:
    path = "/v2.0/qos/policies"
    body = {"policy": {"name": "slow", "shared": True, **fields}}
    made = house.ok("POST", path, body, roles="admin")["policy"]["id"]
    rule = {"bandwidth_limit_rule": {"max_kbps": kbps}}
    house.ok("POST", f"{path}/{made}/bandwidth_limit_rules", rule, roles="admin")
    return str(made)


def way(house: House) -> dict[str, Any]:
    return {"network_id": house.external()["id"]}


def served_router(house: House, info: dict[str, Any]) -> tuple[Any, Any]:
    """A router that lives on the host, and a guest's port behind it."""
    house.report(HOST)
    network, subnet = house.network()
    router = house.make("router", external_gateway_info=info)
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    house.ok("PUT", path, {"subnet_id": subnet["id"]})
    port = house.make(
        "port",
        network_id=network["id"],
        device_owner="compute:nova",
        binding__host_id=HOST,
        as_roles="admin",
        project_id=network["project_id"],
    )
    return router, port


def told(house: House) -> dict[str, int]:
    qualities = house.view().floating_qualities
    return {each.address: each.quality.egress.kbps for each in qualities}


def test_a_gateway_keeps_a_policy(house: House) -> None:
    slow = policy(house, 1000)
    router, _ = served_router(house, {**way(house), "qos_policy_id": slow})
    info = router["external_gateway_info"]
    assert info["qos_policy_id"] == slow
    (fixed,) = info["external_fixed_ips"]
    assert told(house) == {fixed["ip_address"]: 1000}
    house.listen("network.host." + HOST)
    path = f"/v2.0/qos/policies/{slow}/bandwidth_limit_rules"
    rule = house.ok("GET", path)["bandwidth_limit_rules"][0]["id"]
    body = {"bandwidth_limit_rule": {"max_kbps": 5}}
    house.ok("PUT", f"{path}/{rule}", body, roles="admin")
    assert house.woken and told(house) == {fixed["ip_address"]: 5}
    used = house.ask("DELETE", f"/v2.0/qos/policies/{slow}", roles="admin")
    assert (used.status, used.error) == (409, "QosPolicyInUse")
    kept = house.change("router", router["id"], external_gateway_info=way(house))
    assert kept["external_gateway_info"]["qos_policy_id"] == slow
    none = {**way(house), "qos_policy_id": None}
    house.change("router", router["id"], external_gateway_info=none)
    assert told(house) == {}
    deleted = house.ask("DELETE", f"/v2.0/qos/policies/{slow}", roles="admin")
    assert deleted.status == 204


def test_a_policy_that_is_not_seen_is_not_there(house: House) -> None:
    hidden = policy(house, 1, shared=False, project_id=OTHER)
    info = {**way(house), "qos_policy_id": hidden}
    assert house.refused("router", external_gateway_info=info)[0] == 404


def test_floating_ips_have_the_policy_of_their_network(house: House) -> None:
    slow, slower = policy(house, 1000), policy(house, 10)
    _, port = served_router(house, way(house))
    outside = way(house)["network_id"]
    house.change("network", outside, qos_policy_id=slow, as_roles="admin")
    made = house.make("floatingip", floating_network_id=outside, port_id=port["id"])
    assert (made["qos_policy_id"], made["qos_network_policy_id"]) == (None, slow)
    assert told(house) == {made["floating_ip_address"]: 1000}
    house.change("floatingip", made["id"], qos_policy_id=slower)
    assert told(house) == {made["floating_ip_address"]: 10}


def test_what_else_is_asked_for(house: House) -> None:
    router = house.make(
        "router",
        external_gateway_info={**way(house), "enable_snat": False},
        as_roles="admin",
    )
    assert router["enable_snat"] is False
    (found,) = house.list("router", enable_snat="false")
    assert found["id"] == router["id"]
    _, subnet = house.network()
    assert subnet["router:external"] is False
    inside = house.list("subnet", **{"router:external": "false"})
    assert subnet["id"] in {each["id"] for each in inside}
    outside = house.list("subnet", roles="admin", **{"router:external": "true"})
    assert {each["network_id"] for each in outside} == {way(house)["network_id"]}
    nameless = house.make("network", name="")
    assert [each["id"] for each in house.list("network", name="")] == [nameless["id"]]
    pair = [{"ip_address": "224.0.0.0/8"}]
    where = {"network_id": nameless["id"], "allowed_address_pairs": pair}
    assert house.refused("port", **where)[0] == 400
