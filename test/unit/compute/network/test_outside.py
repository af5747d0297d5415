"""External networks: to whom they are lent as the way out."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations

from compute.network import tables
from test.unit.compute.network.house import OTHER, OWNER, House

ADMIN = {"as_roles": "admin"}
WAY_OUT = {"action": "access_as_external", "object_type": "network"}


def lent_to(house: House, network_id: str) -> list[str]:
    """To whom it is lent as a way out."""
    found = house.list("rbac_policy", object_id=network_id, roles="admin")
    return sorted(
        each["target_tenant"] for each in found if each["action"] == WAY_OUT["action"]
    )


def lend(house: House, network_id: str, target: str) -> Any:
    wish = {**WAY_OUT, "object_id": network_id, "target_tenant": target}
    return house.make("rbac_policy", **wish, **ADMIN)["id"]


def sees(house: House, network_id: str, project: str) -> bool:
    path = f"/v2.0/networks/{network_id}"
    return house.ask("GET", path, project=project).status == 200


def make(house: House, **fields: Any) -> Any:
    network = house.make("network", **fields, **ADMIN)["id"]
    house.make("subnet", network_id=network, ip_version=4, cidr="192.0.2.0/24", **ADMIN)
    return network


def test_making_a_network_external_lends_it_to_all(house: House) -> None:
    network = make(house, router__external=True)
    assert lent_to(house, network) == ["*"]
    assert sees(house, network, OTHER)
    house.change("network", network, router__external=False, **ADMIN)
    assert lent_to(house, network) == []
    assert not sees(house, network, OTHER)
    house.change("network", network, router__external=True, **ADMIN)
    assert lent_to(house, network) == ["*"]


def test_a_network_is_external_as_long_as_it_is_lent_so(house: House) -> None:
    network = make(house, project_id="c" * 32)
    policies = [lend(house, network, each) for each in (OWNER, OTHER)]
    assert house.show("network", network)["router:external"] is True
    house.delete("rbac_policy", policies[0], roles="admin")
    assert house.show("network", network, roles="admin")["router:external"] is True
    assert (sees(house, network, OWNER), sees(house, network, OTHER)) == (False, True)
    house.delete("rbac_policy", policies[1], roles="admin")
    assert house.show("network", network, roles="admin")["router:external"] is False


def test_nobody_loses_the_way_out_that_he_uses(house: House) -> None:
    network = make(house, project_id="c" * 32)
    for_all = lend(house, network, "*")
    floating = house.make("floatingip", floating_network_id=network, as_project=OTHER)
    refused = house.delete("rbac_policy", for_all, roles="admin")
    assert (refused.status, refused.error) == (409, "RbacPolicyInUse")
    # One policy is enough, whichever it is.
    for_one = lend(house, network, OTHER)
    assert house.delete("rbac_policy", for_all, roles="admin").status == 204
    assert house.delete("rbac_policy", for_one, roles="admin").status == 409
    moved = house.change_refused("rbac_policy", for_one, target_tenant=OWNER, **ADMIN)
    assert moved == (409, "RbacPolicyInUse")
    house.change("rbac_policy", for_one, target_tenant="*", **ADMIN)
    house.delete("floatingip", floating["id"], project=OTHER)
    assert house.delete("rbac_policy", for_one, roles="admin").status == 204


def test_the_default_way_out_stays_everybody_s(house: House) -> None:
    public = house.external()["id"]
    (policy,) = house.list("rbac_policy", object_id=public, roles="admin")
    assert house.delete("rbac_policy", policy["id"], roles="admin").status == 409


def test_an_ordinary_network_s_owner_makes_none_external(house: House) -> None:
    network = house.make("network")["id"]
    wish = {**WAY_OUT, "object_id": network, "target_tenant": OTHER}
    assert house.refused("rbac_policy", **wish)[0] == 403


def test_operators_alone_say_who_leaves_by_a_project_s_network(house: House) -> None:
    network = house.make("network")["id"]
    house.change("network", network, router__external=True, **ADMIN)
    (policy,) = house.list("rbac_policy", object_id=network)
    refused = house.change_refused("rbac_policy", policy["id"], target_tenant=OTHER)
    assert refused == (403, "PolicyNotAuthorized")
    assert house.delete("rbac_policy", policy["id"]).status == 403
    assert lent_to(house, network) == ["*"]


def test_no_owner_gives_hosts_addresses(house: House) -> None:
    inside, subnet = house.network()
    network = inside["id"]
    house.change("network", network, router__external=True, **ADMIN)
    wish = {"network_id": network, "ip_version": 4, "cidr": "192.0.2.0/24"}
    assert house.refused("subnet", **wish) == (403, "PolicyNotAuthorized")
    pool = {"start": "10.1.0.20", "end": "10.1.0.254"}
    moved = {"gateway_ip": "10.1.0.9", "allocation_pools": [pool]}
    assert house.change_refused("subnet", subnet["id"], **moved)[0] == 403
    house.change("subnet", subnet["id"], name="renamed")
    house.change("subnet", subnet["id"], **moved, **ADMIN)
    house.make("subnet", **wish, **ADMIN)


def test_one_project_has_one_policy(house: House) -> None:
    network = make(house, project_id="c" * 32)
    first, _ = (lend(house, network, each) for each in (OWNER, OTHER))
    refused = house.change_refused("rbac_policy", first, target_tenant=OTHER, **ADMIN)
    assert refused == (409, "DuplicatePolicy")
    house.change("rbac_policy", first, target_tenant=OWNER, **ADMIN)


def test_automatic_networks_lead_where_their_project_may_go(tmp_path: Path) -> None:
    house = House(tmp_path, external_network="")
    network = make(house, project_id="c" * 32)
    lend(house, network, OTHER)
    house.change("network", network, is_default=True, **ADMIN)
    path = "/v2.0/auto-allocated-topology/"
    refused = house.ask("GET", path + OWNER, roles="admin")
    assert (refused.status, refused.error) == (409, "AutoAllocationFailure")
    assert house.ask("GET", path + OTHER, project=OTHER).status == 200
    house.close()


def test_an_external_network_goes_with_its_idle_floating_ips(house: House) -> None:
    network = make(house, router__external=True)
    floating = house.make("floatingip", floating_network_id=network)
    assert house.delete("network", network, roles="admin").status == 204
    assert house.list("floatingip", id=floating["id"]) == []
    assert house.list("port", network_id=network, roles="admin") == []


def test_a_used_floating_ip_keeps_its_network(house: House) -> None:
    network = make(house, router__external=True)
    inside, subnet = house.network()
    router = house.make("router", external_gateway_info={"network_id": network})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    house.ok("PUT", path, {"subnet_id": subnet["id"]})
    port = house.make("port", network_id=inside["id"])
    house.make("floatingip", floating_network_id=network, port_id=port["id"])
    refused = house.delete("network", network, roles="admin")
    assert (refused.status, refused.error) == (409, "NetworkInUse")
    assert len(house.list("floatingip", floating_network_id=network)) == 1


def test_external_networks_of_before_are_lent_to_all(tmp_path: Path) -> None:
    house = House(tmp_path)
    public, inside = house.external()["id"], house.make("network")["id"]
    house.ok("PUT", f"/v2.0/networks/{public}/tags/old", roles="admin")
    for_one = lend(house, inside, OTHER)
    migration = import_module("compute.network.migrations.0007_outside")
    policies, networks = tables.rbac_policies, tables.networks
    with house.database.engine.begin() as connection:
        # Once a policy for one project made nothing external.
        connection.execute(policies.delete().where(policies.c.id != for_one))
        ordinary = networks.update().where(networks.c.id == inside)
        connection.execute(ordinary.values(external=False))
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()
            migration.upgrade()
    assert (lent_to(house, public), lent_to(house, inside)) == (["*"], [])
    # The policy is a thing of its own: the network's tags stay without it.
    house.change("network", public, is_default=False, **ADMIN)
    (policy,) = house.list("rbac_policy", object_id=public, roles="admin")
    lend(house, public, OTHER)
    assert house.delete("rbac_policy", policy["id"], roles="admin").status == 204
    assert house.show("network", public, roles="admin")["tags"] == ["old"]
    house.close()
