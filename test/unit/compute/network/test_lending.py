"""What one project lends to another by RBAC policies: it is seen and used, not changed,
and not taken back while it is used."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.network.house import OTHER, OWNER, House

KINDS = ("security_group", "address_group", "address_scope", "subnetpool")


def thing(house: House, kind: str) -> Any:
    values: dict[str, dict[str, Any]] = {
        "address_group": {"addresses": ["10.7.0.0/24"]},
        "address_scope": {"ip_version": 4},
        "subnetpool": {"prefixes": ["10.8.0.0/16"], "default_prefixlen": 24},
    }
    return house.make(kind, name="mine", **values.get(kind, {}))


def lend(house: House, kind: str, identifier: str, target: str = OTHER) -> Any:
    return house.make(
        "rbac_policy",
        object_type=kind,
        object_id=identifier,
        action="access_as_shared",
        target_tenant=target,
        as_roles="admin" if target == "*" else "member",
    )


def use(house: House, kind: str, identifier: str) -> tuple[str, str]:
    """The other project makes something with it: what, and its id."""
    who = {"as_project": OTHER}
    if kind == "security_group":
        network = house.make("network", **who)
        wish = {"network_id": network["id"], "security_groups": [identifier]}
        return "port", house.make("port", **wish, **who)["id"]
    if kind == "address_group":
        group = house.make("security_group", name="g", **who)
        wish = {"security_group_id": group["id"], "direction": "ingress"}
        made = house.make(
            "security_group_rule", remote_address_group_id=identifier, **wish, **who
        )
        return "security_group_rule", made["id"]
    if kind == "address_scope":
        wish = {"prefixes": ["10.20.0.0/16"], "address_scope_id": identifier}
        return "subnetpool", house.make("subnetpool", name="p", **wish, **who)["id"]
    network = house.make("network", **who)
    wish = {"network_id": network["id"], "subnetpool_id": identifier, "ip_version": 4}
    return "subnet", house.make("subnet", **wish, **who)["id"]


def test_a_pool_is_not_lent_on_without_its_scope(house: House) -> None:
    scope = thing(house, "address_scope")["id"]
    wish = {"prefixes": ["10.8.0.0/16"], "address_scope_id": scope}
    pool = house.make("subnetpool", name="p", **wish)["id"]
    policy = lend(house, "subnetpool", pool, OWNER)["id"]
    change = {"target_tenant": OTHER}
    assert house.change_refused("rbac_policy", policy, **change)[0] == 400
    lend(house, "address_scope", scope)
    house.change("rbac_policy", policy, **change)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_lent_is_used_and_not_changed(house: House, kind: str) -> None:
    mine = thing(house, kind)["id"]
    assert mine not in [each["id"] for each in house.list(kind, project=OTHER)]
    policy = lend(house, kind, mine)["id"]
    assert house.show(kind, mine, project=OTHER)["name"] == "mine"
    assert mine in [each["id"] for each in house.list(kind, project=OTHER)]
    assert house.change_refused(kind, mine, name="x", as_project=OTHER)[0] == 403
    assert house.delete(kind, mine, project=OTHER).status == 403
    user, identifier = use(house, kind, mine)
    refused = house.delete("rbac_policy", policy)
    assert (refused.status, refused.error) == (409, "RbacPolicyInUse")
    assert house.delete(user, identifier, project=OTHER).status == 204
    assert house.delete("rbac_policy", policy).status == 204
    found = house.list(kind, project=OTHER)
    assert mine not in [each["id"] for each in found]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_lent_to_all_is_shared(house: House, kind: str) -> None:
    mine = thing(house, kind)["id"]
    assert house.show(kind, mine)["shared"] is False
    lend(house, kind, mine, "*")
    assert house.show(kind, mine, project=OTHER)["shared"] is True
    # What is gone is lent to nobody.
    assert house.delete(kind, mine).status == 204
    assert house.list("rbac_policy") == []


def test_only_owners_lend(house: House) -> None:
    mine = thing(house, "security_group")["id"]
    wish = {"object_type": "security_group", "object_id": mine}
    wish |= {"action": "access_as_shared", "target_tenant": OTHER}
    assert house.refused("rbac_policy", **wish, as_project=OTHER)[0] == 404
    lend(house, "security_group", mine)
    again = {**wish, "target_tenant": "c" * 32}
    assert house.refused("rbac_policy", **again, as_project=OTHER)[0] == 400
    to_all = {**wish, "target_tenant": "*"}
    assert house.refused("rbac_policy", **to_all)[0] == 403
    for wrong in ("", "x" * 65, 7):
        nobody = {**wish, "target_tenant": wrong}
        assert house.refused("rbac_policy", **nobody)[0] == 400
    external = {**wish, "action": "access_as_external"}
    assert house.refused("rbac_policy", **external, as_roles="admin")[0] == 400


def test_a_lent_group_has_its_owner_s_rules(house: House) -> None:
    mine = thing(house, "security_group")["id"]
    lend(house, "security_group", mine)
    rule = {"security_group_id": mine, "direction": "ingress"}
    refused = house.refused("security_group_rule", **rule, as_project=OTHER)
    assert refused == (403, "PolicyNotAuthorized")
    groups = house.list("security_group", shared="false", project=OWNER)
    assert mine in [each["id"] for each in groups]
    assert house.list("security_group", shared="true") == []


@pytest.mark.parametrize("target", [OWNER, "*"])
def test_what_only_its_owner_uses_is_taken_back(house: House, target: str) -> None:
    """Also where an administrator of another project has lent it."""
    network, _ = house.network()
    house.make("port", network_id=network["id"])
    policy = house.make(
        "rbac_policy",
        object_type="network",
        object_id=network["id"],
        action="access_as_shared",
        target_tenant=target,
        as_project=OTHER,
        as_roles="admin",
    )["id"]
    assert house.delete("rbac_policy", policy, project=OTHER, roles="admin").status == (
        204
    )
