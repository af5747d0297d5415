"""Networks and subnets: what they show, what is refused, who sees them."""

from __future__ import annotations

from test.unit.compute.network.house import OTHER, OWNER, House

ADMIN = {"as_roles": "admin"}


def test_a_new_cloud_has_an_external_and_a_shared_network(house: House) -> None:
    found = {each["name"]: each for each in house.list("network")}
    assert found["public"]["router:external"] is True
    assert found["shared"]["shared"] is True
    assert len(found["shared"]["subnets"]) == 1


def test_a_network_shows_what_it_was_made_with(house: House) -> None:
    made = house.make("network", name="n", description="d", mtu=1400)
    shown = house.show("network", made["id"])
    assert shown == made
    assert (shown["name"], shown["description"], shown["mtu"]) == ("n", "d", 1400)
    assert shown["project_id"] == shown["tenant_id"] == OWNER
    assert shown["status"] == "ACTIVE"
    assert shown["revision_number"] == 0
    assert shown["tags"] == []
    assert "provider:network_type" not in shown
    assert "provider:network_type" in house.show("network", made["id"], roles="admin")


def test_others_do_not_see_it_and_readers_do_not_change_it(house: House) -> None:
    network, _ = house.network()
    path = f"/v2.0/networks/{network['id']}"
    body = {"network": {"name": "mine"}}
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("PUT", path, body, project=OTHER).error == "NetworkNotFound"
    assert house.ask("DELETE", path, project=OTHER).status == 404
    assert house.ask("GET", path, roles="reader").status == 200
    assert house.ask("PUT", path, body, roles="reader").status == 403
    shared = next(n for n in house.list("network") if n["name"] == "shared")
    assert house.delete("network", shared["id"]).status == 403


def test_what_only_administrators_may_set(house: House) -> None:
    for fields in ({"shared": True}, {"router__external": True}):
        assert house.refused("network", **fields)[0] == 403
        house.make("network", **ADMIN, **fields)
    # The default is nobody's privilege.
    house.make("network", shared=False, router__external=False)
    assert house.refused("network", project_id=OTHER)[0] == 403


def test_mistakes_name_the_field(house: House) -> None:
    status, kind = house.refused("network", colour="red")
    assert (status, kind) == (400, "BadRequest")
    got = house.ask("POST", "/v2.0/networks", {"network": {"name": 7}})
    assert got.status == 400
    assert "name" in got.json["NeutronError"]["message"]
    assert house.refused("network", mtu=1501)[0] == 400
    got = house.ask("GET", "/v2.0/networks", None, nmae="x")
    assert got.status == 400


def test_each_version_of_ip_needs_its_mtu(house: House) -> None:
    narrow = house.make("network", mtu=67)["id"]
    four = {"ip_version": 4, "cidr": "10.0.0.0/24"}
    refused = house.refused("subnet", network_id=narrow, **four)
    assert refused == (409, "NetworkMTUSubnetConflict")
    wide = house.make("network", mtu=1280)["id"]
    house.make("subnet", network_id=wide, **four)
    assert house.change("network", wide, mtu=1279)["mtu"] == 1279
    assert house.change_refused("network", wide, mtu=67)[0] == 409
    house.change("network", wide, mtu=1280)
    house.make("subnet", network_id=wide, ip_version=6, cidr="2001:db8::/64")
    assert house.change_refused("network", wide, mtu=1279)[0] == 409


def test_a_subnet_has_gateway_and_pool(house: House) -> None:
    network, subnet = house.network("10.1.0.7/24")
    assert subnet["cidr"] == "10.1.0.0/24"
    assert subnet["gateway_ip"] == "10.1.0.1"
    assert subnet["allocation_pools"] == [{"start": "10.1.0.2", "end": "10.1.0.254"}]
    assert house.show("network", network["id"])["subnets"] == [subnet["id"]]


def test_what_subnets_are_refused(house: House) -> None:
    network, subnet = house.network()
    where = {"network_id": network["id"], "ip_version": 4}
    assert house.refused("subnet", **where, cidr="10.1.0.128/25")[0] == 400
    assert house.refused("subnet", **where, cidr="nonsense")[0] == 400
    assert house.refused("subnet", **where, cidr="2001:db8::/64")[0] == 400
    assert house.refused("subnet", **where)[0] == 400
    pools = [{"start": "10.2.0.1", "end": "10.2.0.9"}]
    assert house.refused(
        "subnet", **where, cidr="10.2.0.0/24", allocation_pools=pools
    ) == (409, "GatewayConflictWithAllocationPools")
    pools = [{"start": "10.3.0.5", "end": "10.3.0.9"}]
    assert house.refused(
        "subnet", **where, cidr="10.2.0.0/24", allocation_pools=pools
    ) == (400, "OutOfBoundsAllocationPool")
    pools = [{"start": "10.2.0.5", "end": "10.2.0.9"}] * 2
    assert house.refused(
        "subnet", **where, cidr="10.2.0.0/24", allocation_pools=pools
    ) == (409, "OverlappingAllocationPools")
    assert house.refused("subnet", network_id=subnet["id"], cidr="10.9.0.0/24") == (
        404,
        "NetworkNotFound",
    )


def test_subnets_change(house: House) -> None:
    _, subnet = house.network()
    changed = house.change(
        "subnet",
        subnet["id"],
        name="renamed",
        gateway_ip=None,
        dns_nameservers=["9.9.9.9"],
        host_routes=[{"destination": "10.9.0.0/16", "nexthop": "10.1.0.5"}],
        enable_dhcp=False,
    )
    assert changed["gateway_ip"] is None
    assert changed["dns_nameservers"] == ["9.9.9.9"]
    assert changed["host_routes"][0]["nexthop"] == "10.1.0.5"
    assert changed["enable_dhcp"] is False
    assert changed["revision_number"] == 1
    assert house.change_refused("subnet", subnet["id"], cidr="10.8.0.0/24")[0] == 400


def test_networks_and_subnets_in_use_stay(house: House) -> None:
    network, subnet = house.network()
    port = house.make("port", network_id=network["id"])
    assert house.delete("subnet", subnet["id"]).error == "SubnetInUse"
    assert house.delete("network", network["id"]).error == "NetworkInUse"
    assert house.delete("port", port["id"]).status == 204
    assert house.delete("network", network["id"]).status == 204
    assert house.ask("GET", f"/v2.0/subnets/{subnet['id']}").status == 404


def test_a_policy_lends_a_network(house: House) -> None:
    network, _ = house.network()
    lent = house.make(
        "rbac_policy",
        object_type="network",
        object_id=network["id"],
        action="access_as_shared",
        target_tenant=OTHER,
    )
    assert house.show("network", network["id"], project=OTHER)["shared"] is True
    port = house.make("port", network_id=network["id"], as_project=OTHER)
    assert house.delete("rbac_policy", lent["id"]).error == "RbacPolicyInUse"
    assert house.delete("port", port["id"], project=OTHER).status == 204
    assert house.delete("rbac_policy", lent["id"]).status == 204
    got = house.ask("GET", f"/v2.0/networks/{network['id']}", project=OTHER)
    assert got.status == 404


def test_who_has_no_project_sees_nothing(house: House) -> None:
    assert house.list("network", project="") == []
    assert house.list("router", project="") == []
    assert house.list("router", project="", roles="admin")
    assert house.refused("network", as_project="", as_roles="member")[0] == 403


def test_numbers_and_truth_values_as_text(house: House) -> None:
    """As clients send them: ``network create --mtu 1400`` does."""
    network = house.make("network", name="n", mtu="1400", admin_state_up="False")
    assert (network["mtu"], network["admin_state_up"]) == (1400, False)
    changed = house.change("network", network["id"], mtu="1300", admin_state_up=1)
    assert (changed["mtu"], changed["admin_state_up"]) == (1300, True)
    wish = {"network_id": network["id"], "cidr": "10.1.0.0/24", "ip_version": "4"}
    for wrong in ("", "1e3", "0x10", "1400.0", "9" * 19, " 1400", "\u0661"):
        assert house.refused("network", mtu=wrong)[0] == 400, wrong
    for wrong in ("", "maybe", 2, 1.0, "\u0131"):
        assert house.refused("network", admin_state_up=wrong)[0] == 400, wrong
    assert house.make("subnet", **wish)["ip_version"] == 4
