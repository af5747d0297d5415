"""Which host a load balancer lives on, and where it goes when that is silent."""

from __future__ import annotations

from typing import Any

from test.unit.compute.balancer.conftest import Make
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST, OTHER, OWNER

ADMIN = {"as_project": "admins", "as_roles": "admin"}


def test_it_waits_for_a_host(make: Make) -> None:
    house = make()
    house.clock.advance(61)
    body = {"vip_subnet_id": house.subnet["id"]}
    made = house.ok("POST", "/loadbalancers", {"loadbalancer": body})["loadbalancer"]
    assert house.network.show("port", made["vip_port_id"], roles="admin")[
        "binding:host_id"
    ] == ("")
    house.network.report("beta")
    house.hear("beta")
    house.settle("beta")
    found = house.show(f"loadbalancers/{made['id']}", "loadbalancer")
    assert found["provisioning_status"] == "ACTIVE"


def host_of(house: House, balancer: Any) -> str:
    port = house.network.show("port", balancer["vip_port_id"], roles="admin")
    return str(port["binding:host_id"])


def test_it_leaves_a_host_that_is_silent(house: House) -> None:
    balancer = house.balancer()
    path = f"loadbalancers/{balancer['id']}"
    house.clock.advance(61)
    house.loop.once()
    assert house.show(path, "loadbalancer")["operating_status"] == "ERROR"
    house.network.report("beta")
    house.hear("beta")
    house.loop.once()
    assert host_of(house, balancer) == "beta"
    assert house.show(path, "loadbalancer")["provisioning_status"] == "PENDING_UPDATE"
    # What the former host says of it counts no more.
    house.client.report(HOST, "", [])
    house.settle("beta")
    found = house.show(path, "loadbalancer")
    assert (found["provisioning_status"], found["operating_status"]) == (
        "ACTIVE",
        "ONLINE",
    )


def test_failover(house: House) -> None:
    balancer = house.balancer()
    path = f"/loadbalancers/{balancer['id']}"
    assert house.ask("PUT", f"{path}/failover").status == 403
    house.ok("PUT", f"{path}/failover", roles="admin")
    house.settle()
    assert host_of(house, balancer) == HOST  # there is no other
    house.network.report("beta")
    house.hear("beta")
    house.ok("PUT", f"{path}/failover", roles="admin")
    house.settle("beta")
    assert host_of(house, balancer) == "beta"
    assert house.show(path[1:], "loadbalancer")["provisioning_status"] == "ACTIVE"


def test_where_the_fewest_are(house: House) -> None:
    house.network.report("beta")
    house.hear("beta")
    made = [house.balancer(name=f"lb{number}") for number in range(4)]
    hosts = [host_of(house, each) for each in made]
    assert sorted(hosts) == [HOST, HOST, "beta", "beta"]


def test_places_for_the_address(house: House) -> None:
    subnet, net = house.subnet["id"], house.net["id"]
    made = house.balancer(vip_address="10.1.0.77")
    assert made["vip_address"] == "10.1.0.77"
    by_network = house.make("loadbalancers", "loadbalancer", vip_network_id=net)
    assert by_network["vip_subnet_id"] == subnet
    port = house.network.make("port", network_id=net)
    by_port = house.make("loadbalancers", "loadbalancer", vip_port_id=port["id"])
    assert by_port["vip_address"] == port["fixed_ips"][0]["ip_address"]
    wanted: list[tuple[dict[str, Any], int]] = [
        ({}, 400),
        ({"vip_subnet_id": net}, 400),
        ({"vip_network_id": subnet}, 400),
        ({"vip_port_id": port["id"]}, 409),
        ({"vip_subnet_id": subnet, "vip_address": "10.1.0.77"}, 409),
        ({"vip_subnet_id": subnet, "vip_address": "192.0.2.1"}, 400),
        ({"vip_subnet_id": subnet, "vip_address": "nonsense"}, 400),
        ({"vip_subnet_id": subnet, "provider": "amphora"}, 400),
        ({"vip_subnet_id": subnet, "flavor_id": subnet}, 400),
    ]
    for fields, status in wanted:
        got = house.refused("loadbalancers", "loadbalancer", **fields)
        assert got[0] == status, (fields, got)
    assert len(house.ok("GET", "/loadbalancers")["loadbalancers"]) == 3
    assert house.delete(f"loadbalancers/{by_port['id']}").status == 204
    kept = house.network.show("port", port["id"])
    assert (kept["device_owner"], kept["device_id"]) == ("", "")


def test_the_way_out_is_no_place_for_an_address(house: House) -> None:
    network = house.network
    outside = network.make("network", **ADMIN, **{"router:external": True})
    fields = {"network_id": outside["id"], "cidr": "192.0.2.0/24", "ip_version": 4}
    network.make("subnet", **ADMIN, **fields)
    wanted = {"vip_network_id": outside["id"], "vip_address": "192.0.2.50"}
    assert house.refused("loadbalancers", "loadbalancer", **wanted)[0] == 400
    policy = {
        "object_type": "network",
        "object_id": outside["id"],
        "action": "access_as_shared",
        "target_tenant": OWNER,
    }
    network.make("rbac_policy", **ADMIN, **policy)
    made = house.make("loadbalancers", "loadbalancer", **wanted)
    assert made["vip_address"] == "192.0.2.50"


def test_only_services_ask_what_others_may_use(house: House) -> None:
    network = house.network
    path = f"/v2.0/networks?usable_by_project={OTHER}"
    assert network.ask("GET", path).status == 403
    assert network.ask("GET", path, roles="admin").status == 200


def test_ports_of_nobody_are_swept(house: House) -> None:
    from compute.network.client import VipClient

    client = VipClient(house.network.caller, house.tokens)
    gone = "0b5a1c00-0000-4000-8000-00000000000b"
    client.create_port(OWNER, gone, network_id=house.net["id"])
    kept = house.balancer()
    house.loop.step._steps = 0  # type: ignore[attr-defined]
    house.loop.once()
    assert [each.id for each in client.all_ports()] == [kept["vip_port_id"]]
