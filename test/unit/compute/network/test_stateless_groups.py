"""Security groups without state: what the API lets one do with them."""

from __future__ import annotations

from typing import Any

from test.unit.compute.network.house import House


def test_a_group_may_be_without_state(house: House) -> None:
    assert "stateful-security-group" in {
        each["alias"] for each in house.ok("GET", "/v2.0/extensions")["extensions"]
    }
    usual = house.make("security_group", name="usual")
    group = house.make("security_group", name="fast", stateful=False)
    assert (usual["stateful"], group["stateful"]) == (True, False)
    shown = house.show("security_group", group["id"])
    assert shown["stateful"] is False and len(shown["security_group_rules"]) == 2
    (found,) = house.list("security_group", stateful="false")
    assert found["id"] == group["id"]
    assert house.change("security_group", group["id"], stateful=True)["stateful"]
    assert house.refused("security_group", name="x", stateful="perhaps")[0] == 400
    assert house.refused("security_group", name="x", stateful=None)[0] == 400


def port(house: House, network: Any, *groups: Any) -> Any:
    ids = [group["id"] for group in groups]
    return house.make("port", network_id=network["id"], security_groups=ids)


def test_a_group_in_use_stays_as_it_is(house: House) -> None:
    network, _ = house.network()
    group = house.make("security_group", name="fast", stateful=False)
    one = port(house, network, group)
    refused = house.change_refused("security_group", group["id"], stateful=True)
    assert refused == (409, "SecurityGroupInUse")
    same = house.change("security_group", group["id"], stateful=False, name="faster")
    assert same["name"] == "faster"
    house.delete("port", one["id"])
    assert house.change("security_group", group["id"], stateful=True)["stateful"]


def test_a_port_is_in_groups_of_one_sort(house: House) -> None:
    network, _ = house.network()
    usual = house.make("security_group", name="usual")
    fast = house.make("security_group", name="fast", stateful=False)
    faster = house.make("security_group", name="faster", stateful=False)
    both = [usual["id"], fast["id"]]
    assert house.refused("port", network_id=network["id"], security_groups=both) == (
        409,
        "SecurityGroupConflict",
    )
    one = port(house, network, fast, faster)
    refused = house.change_refused("port", one["id"], security_groups=both)
    assert refused == (409, "SecurityGroupConflict")
    house.change("port", one["id"], security_groups=[usual["id"]])


def test_hosts_are_told(house: House) -> None:
    network, _ = house.network()
    fast = house.make("security_group", name="fast", stateful=False)
    rest = {"security_groups": [fast["id"]], "binding:host_id": "alpha"}
    house.make("port", network_id=network["id"], as_roles="admin", **rest)
    (group,) = house.view("alpha").security_groups
    assert not group.is_stateful
