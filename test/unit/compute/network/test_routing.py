"""Routers, their interfaces and gateways, floating IPs, automatic networks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from compute.network.routing.placement import choose_host
from test.unit.compute.network.conftest import Make
from test.unit.compute.network.house import HOST, OTHER, OWNER, Got, House


def joined(house: House) -> tuple[dict, dict, dict]:
    """A network with a router to the outside: network, subnet, router."""
    network, subnet = house.network()
    info = {"network_id": house.external()["id"]}
    router = house.make("router", name="r", external_gateway_info=info)
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    house.ok("PUT", path, {"subnet_id": subnet["id"]})
    return network, subnet, router


def act(house: House, made: dict, action: str, **body: object) -> Got:
    return house.ask("PUT", f"/v2.0/routers/{made['id']}/{action}", body)


def test_a_gateway_has_an_address(house: House) -> None:
    _, _, router = joined(house)
    info = router["external_gateway_info"]
    assert info["enable_snat"] is True
    assert info["external_fixed_ips"][0]["ip_address"].startswith("172.24.4.")
    # The gateway is the cloud's own port: its project neither sees nor counts it.
    ports = house.list("port", device_id=router["id"])
    assert [each["device_owner"] for each in ports] == ["network:router_interface"]
    cleared = house.change("router", router["id"], external_gateway_info={})
    assert cleared["external_gateway_info"] is None


def test_interfaces(house: House) -> None:
    network, subnet, router = joined(house)
    got = act(house, router, "add_router_interface", subnet_id=subnet["id"])
    assert got.status == 400
    assert house.delete("router", router["id"]).error == "RouterInUse"
    assert house.delete("subnet", subnet["id"]).error == "SubnetInUse"
    port = house.list("port", device_id=router["id"])[0]
    assert port["fixed_ips"][0]["ip_address"] == "10.1.0.1"
    assert house.delete("port", port["id"]).error == "ServicePortInUse"
    got = act(house, router, "remove_router_interface", subnet_id=subnet["id"])
    assert (got.status, got.json["port_id"]) == (200, port["id"])
    got = act(house, router, "remove_router_interface", subnet_id=subnet["id"])
    assert got.error == "RouterInterfaceNotFoundForSubnet"
    by_port = house.make("port", network_id=network["id"])
    got = act(house, router, "add_router_interface", port_id=by_port["id"])
    assert got.json["subnet_ids"] == [subnet["id"]]
    got = act(house, router, "remove_router_interface", port_id=by_port["id"])
    assert got.status == 200
    assert house.delete("router", router["id"]).status == 204
    assert house.delete("network", network["id"]).status == 204


def test_overlapping_subnets_do_not_share_a_router(house: House) -> None:
    _, _, router = joined(house)
    _, other = house.network("10.1.0.0/25")
    got = act(house, router, "add_router_interface", subnet_id=other["id"])
    assert got.status == 400
    assert "overlaps" in got.json["NeutronError"]["message"]


def test_extra_routes(house: House) -> None:
    _, subnet, router = joined(house)
    route = {"destination": "10.50.0.0/16", "nexthop": "10.1.0.9"}
    changed = house.change("router", router["id"], routes=[route])
    assert changed["routes"] == [route]
    far = {"destination": "10.60.0.0/16", "nexthop": "10.99.0.9"}
    refused = house.change_refused("router", router["id"], routes=[far])
    assert refused == (400, "InvalidRoutes")
    got = act(house, router, "remove_router_interface", subnet_id=subnet["id"])
    assert got.error == "RouterInterfaceInUseByRoute"
    got = act(house, router, "remove_extraroutes", router={"routes": [route]})
    assert got.json["router"]["routes"] == []
    got = act(house, router, "add_extraroutes", router={"routes": [route]})
    assert got.json["router"]["routes"] == [route]


def test_a_floating_ip_lives(house: House) -> None:
    house.report()
    network, subnet, router = joined(house)
    external = house.external()
    port = house.make("port", network_id=network["id"])
    house.client.bind_port(port["id"], device_id="server", host=HOST)
    floating = house.make("floatingip", floating_network_id=external["id"])
    assert floating["status"] == "DOWN"
    assert floating["port_id"] is None
    tied = house.change("floatingip", floating["id"], port_id=port["id"])
    assert tied["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
    assert tied["router_id"] == router["id"]
    assert tied["port_details"]["device_id"] == "server"
    view = house.view()
    assert [each.address for each in view.floating_ips] == [
        floating["floating_ip_address"]
    ]
    house.report(revision=view.revision)
    assert house.show("floatingip", floating["id"])["status"] == "ACTIVE"
    nic = house.client.nics_of("server")[0]
    assert nic.addresses[0].floating == (floating["floating_ip_address"],)
    got = act(house, router, "remove_router_interface", subnet_id=subnet["id"])
    assert got.error == "RouterInterfaceInUseByFloatingIP"
    assert house.change_refused("router", router["id"], external_gateway_info=None) == (
        409,
        "RouterExternalGatewayInUseByFloatingIp",
    )
    second = house.refused(
        "floatingip", floating_network_id=external["id"], port_id=port["id"]
    )
    assert second == (409, "FloatingIPPortAlreadyAssociated")
    # A body that says nothing parts them.
    assert house.change("floatingip", floating["id"])["port_id"] is None
    house.change("floatingip", floating["id"], port_id=port["id"])
    assert house.delete("port", port["id"]).status == 204
    assert house.show("floatingip", floating["id"])["port_id"] is None
    assert house.delete("floatingip", floating["id"]).status == 204
    assert house.list("port", network_id=external["id"], roles="admin")


def test_a_floating_ip_of_a_routers_own_interface(house: House) -> None:
    """It is on that router, whichever else leads out of the same network."""
    network, _, first = joined(house)
    external = house.external()
    house.change(
        "router", first["id"], external_gateway_info={"network_id": external["id"]}
    )
    second = house.make("router")
    port = house.make("port", network_id=network["id"])
    act(house, second, "add_router_interface", port_id=port["id"])
    floating = house.make("floatingip", floating_network_id=external["id"])
    refused = house.change_refused("floatingip", floating["id"], port_id=port["id"])
    assert refused == (404, "ExternalGatewayForFloatingIPNotFound")
    house.change(
        "router", second["id"], external_gateway_info={"network_id": external["id"]}
    )
    tied = house.change("floatingip", floating["id"], port_id=port["id"])
    assert tied["router_id"] == second["id"]
    got = act(house, second, "remove_router_interface", port_id=port["id"])
    assert got.error == "RouterInterfaceInUseByFloatingIP"


def test_a_router_s_address_is_its_network_s_owner_s(house: House) -> None:
    _, subnet, router = joined(house)
    (port,) = house.list("port", device_id=router["id"])
    wanted = [{"subnet_id": subnet["id"], "ip_address": "10.1.0.9"}]
    moved = house.change("port", port["id"], fixed_ips=wanted)
    assert moved["fixed_ips"] == wanted
    _, elsewhere = house.network("10.7.0.0/24")
    away = house.change_refused(
        "port", port["id"], fixed_ips=[{"subnet_id": elsewhere["id"]}]
    )
    assert away == (403, "PolicyNotAuthorized")


def test_a_floating_ip_needs_a_way(house: House) -> None:
    network, _ = house.network()
    external = house.external()
    port = house.make("port", network_id=network["id"])
    assert house.refused(
        "floatingip", floating_network_id=external["id"], port_id=port["id"]
    ) == (404, "ExternalGatewayForFloatingIPNotFound")
    assert house.list("floatingip") == []
    assert house.refused("floatingip", floating_network_id=network["id"]) == (
        400,
        "BadRequest",
    )


def test_others_floating_ips_are_not_there(house: House) -> None:
    external = house.external()
    floating = house.make("floatingip", floating_network_id=external["id"])
    path = f"/v2.0/floatingips/{floating['id']}"
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("DELETE", path, project=OTHER).status == 404


def test_a_project_gets_a_network_of_its_own(house: House) -> None:
    found = house.client.default_network(OWNER)
    assert (found.project_id, found.name) == (OWNER, "auto_allocated_network")
    assert house.client.default_network(OWNER) == found
    other = house.client.default_network(OTHER)
    assert other.id != found.id
    subnets = [
        house.show("subnet", each.subnet_ids[0], roles="admin")
        for each in (found, other)
    ]
    assert subnets[0]["cidr"] != subnets[1]["cidr"]
    path = f"/v2.0/auto-allocated-topology/{OWNER}"
    assert house.ok("GET", path)["auto_allocated_topology"]["id"] == found.id
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("DELETE", path).status == 204
    assert house.list("router") == []
    assert house.list("network", project_id=OWNER) == []


def test_without_external_network_there_is_no_automatic_one(make: Make) -> None:
    house = make(external_network="")
    got = house.ask("GET", f"/v2.0/auto-allocated-topology/{OWNER}")
    assert (got.status, got.error) == (409, "AutoAllocationFailure")
    assert house.list("network") == []


def test_a_router_goes_where_its_guests_are(house: House) -> None:
    house.report("alpha")
    house.report("beta")
    network, _, router = joined(house)
    assert [each.id for each in house.view("alpha").routers if each.id == router["id"]]
    port = house.make("port", network_id=network["id"])
    house.client.bind_port(port["id"], device_id="s", host="beta")
    assert router["id"] in [each.id for each in house.view("beta").routers]
    assert router["id"] not in [each.id for each in house.view("alpha").routers]


def test_a_router_leaves_a_dead_host(house: House) -> None:
    house.report("alpha")
    _, _, router = joined(house)
    house.clock.advance(1000)
    house.report("beta")
    assert router["id"] in [each.id for each in house.view("beta").routers]


@given(
    current=st.sampled_from(["", "a", "b", "c"]),
    alive=st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
    guests=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 3)),
)
def test_where_a_router_lives(
    current: str, alive: list[str], guests: dict[str, int]
) -> None:
    chosen = choose_host(current, alive, guests)
    if not alive:
        assert chosen == current
        return
    assert chosen in alive
    if any(guests.get(host) for host in alive):
        assert guests.get(chosen)
    # A second look changes nothing: routers do not wander.
    assert choose_host(chosen, alive, guests) == chosen


def test_a_gateway_of_a_network_without_subnets_has_no_address(house: House) -> None:
    outside = house.make(
        "network", as_roles="admin", **{"name": "o", "router:external": True}
    )
    info = {"network_id": outside["id"]}
    router = house.make("router", name="r", external_gateway_info=info)
    assert router["external_gateway_info"]["network_id"] == outside["id"]
    assert router["external_gateway_info"]["external_fixed_ips"] == []
    assert house.delete("router", router["id"]).status == 204
