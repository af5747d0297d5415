"""Address groups, and the rules that new security groups begin with."""

from __future__ import annotations

from typing import Any

from test.unit.compute.network.house import HOST, OTHER, House


def plain(rules: list[Any]) -> set[tuple[str, str, bool]]:
    return {
        (rule["direction"], rule["ethertype"], bool(rule["remote_group_id"]))
        for rule in rules
    }


def test_hosts_let_the_addresses_of_a_group_in(house: House) -> None:
    house.report()
    group = house.make("address_group", name="a", addresses=["10.7.0.0/24"])
    outer = house.make("security_group", name="g")
    rule = house.make(
        "security_group_rule",
        security_group_id=outer["id"],
        direction="ingress",
        remote_address_group_id=group["id"],
    )
    assert rule["remote_address_group_id"] == group["id"]
    network, _ = house.network()
    port = house.make("port", network_id=network["id"], security_groups=[outer["id"]])
    house.client.bind_port(port["id"], device_id="server", host=HOST)

    def told() -> tuple[str, ...]:
        view = {each.id: each for each in house.view().security_groups}
        remote = {each.remote_group for each in view[outer["id"]].rules}
        assert group["id"] in remote
        assert view[group["id"]].rules == ()
        return view[group["id"]].members

    assert told() == ("10.7.0.0/24",)
    house.listen(f"network.host.{HOST}")
    path = f"/v2.0/address-groups/{group['id']}"
    body = {"addresses": ["fd00::1", "10.7.0.0/24"]}
    got = house.ok("PUT", f"{path}/add_addresses", body)["address_group"]
    assert got["addresses"] == ["10.7.0.0/24", "fd00::1/128"]
    assert house.woken
    assert told() == ("10.7.0.0/24", "fd00::1/128")
    body = {"addresses": ["10.7.0.0/24"]}
    got = house.ok("PUT", f"{path}/remove_addresses", body)["address_group"]
    assert got["addresses"] == ["fd00::1/128"]
    gone = house.ask("PUT", f"{path}/remove_addresses", body)
    assert (gone.status, gone.error) == (404, "AddressesNotFound")
    refused = house.delete("address_group", group["id"])
    assert (refused.status, refused.error) == (409, "AddressGroupInUse")
    assert house.delete("security_group_rule", rule["id"]).status == 204
    assert house.delete("address_group", group["id"]).status == 204


def test_address_groups_are_their_project_s(house: House) -> None:
    group = house.make("address_group", name="a", description="d")
    assert group["addresses"] == []
    path = f"/v2.0/address-groups/{group['id']}"
    body = {"addresses": ["10.0.0.1"]}
    for who, status in (
        ({"project": OTHER}, 404),
        ({"roles": "reader"}, 403),
        ({"roles": "admin", "project": OTHER}, 200),
    ):
        assert house.ask("PUT", f"{path}/add_addresses", body, **who).status == status
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.change("address_group", group["id"], name="b")["name"] == "b"
    changed = house.change_refused("address_group", group["id"], addresses=[])
    assert changed[0] == 400
    held = house.make("address_group", addresses=["10.0.0.1/8"])["addresses"]
    assert held == ["10.0.0.0/8"]
    for wrong in (["x"], [""], [7], "10.0.0.1"):
        assert house.refused("address_group", name="a", addresses=wrong)[0] == 400
        got = house.ask("PUT", f"{path}/add_addresses", {"addresses": wrong})
        assert got.status == 400


def test_one_remote_for_a_rule(house: House) -> None:
    address = house.make("address_group", name="a")
    outer = house.make("security_group", name="g")
    rule = {"security_group_id": outer["id"], "direction": "ingress"}
    remotes = {
        "remote_address_group_id": address["id"],
        "remote_ip_prefix": "10.0.0.0/8",
        "remote_group_id": outer["id"],
    }
    for name in ("remote_ip_prefix", "remote_group_id"):
        both = {name: remotes[name], "remote_address_group_id": address["id"]}
        assert house.refused("security_group_rule", **rule, **both)[0] == 400
    for name, value in remotes.items():
        house.make("security_group_rule", **rule, **{name: value})
    assert house.refused(
        "security_group_rule", **rule, remote_address_group_id=outer["id"]
    ) == (404, "AddressGroupNotFound")


def test_new_groups_begin_with_the_default_rules(house: House) -> None:
    first = house.make("security_group", name="first")
    outwards = {("egress", "IPv4", False), ("egress", "IPv6", False)}
    assert plain(first["security_group_rules"]) == outwards
    (default,) = house.list("security_group", name="default")
    inwards = {("ingress", "IPv4", True), ("ingress", "IPv6", True)}
    assert plain(default["security_group_rules"]) == outwards | inwards
    rules = house.list("default_security_group_rule")
    assert len(rules) == 4
    for rule in rules:
        if rule["ethertype"] == "IPv6":
            path = f"/v2.0/default-security-group-rules/{rule['id']}"
            assert house.ask("DELETE", path).status == 403
            assert house.ask("DELETE", path, roles="admin").status == 204
    added = house.make(
        "default_security_group_rule",
        direction="ingress",
        protocol="tcp",
        port_range_min=22,
        port_range_max=22,
        remote_ip_prefix="10.0.0.0/8",
        as_roles="admin",
    )
    assert added["used_in_non_default_sg"] is True
    assert added["used_in_default_sg"] is False
    second = house.make("security_group", name="second")["security_group_rules"]
    assert {(each["direction"], each["protocol"]) for each in second} == {
        ("egress", None),
        ("ingress", "tcp"),
    }
    (other,) = house.list("security_group", name="default", project=OTHER)
    assert plain(other["security_group_rules"]) == {
        ("egress", "IPv4", False),
        ("ingress", "IPv4", True),
    }
    # Those that are there stay as they are.
    assert len(house.show("security_group", first["id"])["security_group_rules"]) == 2


def test_default_rules_are_the_operator_s(house: House) -> None:
    wish: dict[str, Any] = {"direction": "egress"}
    assert house.refused("default_security_group_rule", **wish)[0] == 403
    assert house.refused("default_security_group_rule", **wish, as_roles="admin") == (
        409,
        "DefaultSecurityGroupRuleExists",
    )
    rule = house.list("default_security_group_rule", project=OTHER)[0]
    path = f"/v2.0/default-security-group-rules/{rule['id']}"
    assert house.ask("GET", path, project=OTHER, roles="reader").status == 200
    body = {"default_security_group_rule": {"description": "x"}}
    assert house.ask("PUT", path, body, roles="admin").status == 405
    for wrong in (
        {"remote_group_id": "CHILD"},
        {"direction": "up"},
        {"used_in_default_sg": "maybe"},
        {"protocol": "tcp", "port_range_min": 9, "port_range_max": 1},
        {"remote_group_id": "PARENT", "remote_ip_prefix": "10.0.0.0/8"},
    ):
        got = house.refused(
            "default_security_group_rule", **{**wish, **wrong}, as_roles="admin"
        )
        assert got[0] == 400, wrong
