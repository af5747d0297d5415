"""Security groups and their rules."""

from __future__ import annotations

import pytest

from test.unit.compute.network.house import HOST, OTHER, OWNER, House


def test_the_default_group_is_there_when_one_looks(house: House) -> None:
    groups = house.list("security_group")
    assert [each["name"] for each in groups] == ["default"]
    rules = groups[0]["security_group_rules"]
    assert sorted((r["direction"], r["ethertype"]) for r in rules) == [
        ("egress", "IPv4"),
        ("egress", "IPv6"),
        ("ingress", "IPv4"),
        ("ingress", "IPv6"),
    ]
    inward = [each for each in rules if each["direction"] == "ingress"]
    assert {each["remote_group_id"] for each in inward} == {groups[0]["id"]}
    assert house.delete("security_group", groups[0]["id"]).error == (
        "SecurityGroupCannotRemoveDefault"
    )
    assert house.refused("security_group", name="default")[0] == 409
    assert house.change_refused("security_group", groups[0]["id"], name="x") == (
        409,
        "SecurityGroupCannotUpdateDefault",
    )


def test_a_new_group_lets_all_out(house: House) -> None:
    group = house.make("security_group", name="web", description="d")
    assert [each["direction"] for each in group["security_group_rules"]] == [
        "egress",
        "egress",
    ]
    assert house.delete("security_group", group["id"]).status == 204


def rule(house: House, group: dict, **fields: object) -> dict:
    made = house.make(
        "security_group_rule",
        security_group_id=group["id"],
        direction="ingress",
        **fields,
    )
    assert isinstance(made, dict)
    return made


def test_rules(house: House) -> None:
    group = house.make("security_group", name="web")
    made = rule(house, group, protocol="tcp", port_range_min=22, port_range_max=22)
    assert made["protocol"] == "tcp"
    assert made["ethertype"] == "IPv4"
    assert made["remote_ip_prefix"] is None
    assert house.list(
        "security_group_rule", security_group_id=group["id"], id=made["id"]
    )
    again = house.refused(
        "security_group_rule",
        security_group_id=group["id"],
        direction="ingress",
        protocol="6",
        port_range_min=22,
        port_range_max=22,
    )
    assert again == (409, "SecurityGroupRuleExists")
    shown = house.show("security_group", group["id"])
    assert made["id"] in [each["id"] for each in shown["security_group_rules"]]
    assert shown["revision_number"] == 1
    assert house.delete("security_group_rule", made["id"]).status == 204


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"protocol": "nonsense"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": 256}, "SecurityGroupRuleInvalidProtocol"),
        ({"port_range_min": 1}, "SecurityGroupProtocolRequiredWithPorts"),
        (
            {"protocol": "tcp", "port_range_min": 9, "port_range_max": 1},
            "SecurityGroupInvalidPortRange",
        ),
        ({"protocol": "tcp", "port_range_max": 6}, "SecurityGroupInvalidPortRange"),
        (
            {"protocol": "tcp", "port_range_min": -16, "port_range_max": 80},
            "SecurityGroupInvalidPortValue",
        ),
        ({"protocol": 44}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"protocol": "icmp", "port_range_max": 1}, "SecurityGroupMissingIcmpType"),
        ({"protocol": "icmp", "port_range_min": 256}, "SecurityGroupInvalidIcmpValue"),
        ({"ethertype": "IPv5"}, "SecurityGroupRuleInvalidEtherType"),
        ({"protocol": "icmpv6"}, "SecurityGroupEthertypeConflictWithProtocol"),
        (
            {"remote_ip_prefix": "10.0.0.0/8", "ethertype": "IPv6"},
            "SecurityGroupRuleParameterConflict",
        ),
        ({"remote_ip_prefix": "rubbish"}, "InvalidInput"),
        ({"direction": "sideways"}, "InvalidInput"),
        ({"protocol": "0" * 5000}, "SecurityGroupRuleInvalidProtocol"),
    ],
)
def test_rules_refused(house: House, fields: dict, kind: str) -> None:
    group = house.make("security_group", name="web")
    body = {"security_group_id": group["id"], "direction": "ingress", **fields}
    assert house.refused("security_group_rule", **body) == (400, kind)


def test_a_prefix_is_shown_as_it_was_given(house: House) -> None:
    group = house.make("security_group", name="web")
    body = {"security_group_id": group["id"], "direction": "ingress"}
    rule = house.make("security_group_rule", **body, remote_ip_prefix="10.0.0.34/24")
    assert rule["remote_ip_prefix"] == "10.0.0.34/24"
    assert rule["normalized_cidr"] == "10.0.0.0/24"
    alike = {**body, "remote_ip_prefix": "10.0.0.0/24"}
    refused = house.refused("security_group_rule", **alike)
    assert refused == (409, "SecurityGroupRuleExists")
    single = house.make("security_group_rule", **body, remote_ip_prefix="10.0.0.1")
    assert single["remote_ip_prefix"] == "10.0.0.1/32"
    network, _ = house.network()
    port = house.make("port", network_id=network["id"], security_groups=[group["id"]])
    house.client.bind_port(port["id"], device_id="server", host=HOST)
    (seen,) = (each for each in house.view().security_groups if each.id == group["id"])
    prefixes = {rule.remote_prefix for rule in seen.rules}
    assert {"10.0.0.0/24", "10.0.0.1/32"} <= prefixes


def test_what_others_put_into_a_group_is_its_owner_s_to_see(house: House) -> None:
    group = house.make("security_group", name="web")
    body = {"security_group_id": group["id"], "direction": "ingress"}
    rule = house.make("security_group_rule", **body, as_project=OTHER, as_roles="admin")
    assert rule["project_id"] == OTHER
    seen = [each["id"] for each in house.list("security_group_rule")]
    assert rule["id"] in seen


def test_what_is_no_project_gets_no_default_group(house: House) -> None:
    query = {"project_id": "x" * 65, "roles": "admin"}
    assert house.list("security_group", **query) == []


def test_there_is_one_default_group(house: House) -> None:
    group = house.make("security_group", name="web")
    named = house.change_refused("security_group", group["id"], name="default")
    assert named == (409, "SecurityGroupDefaultAlreadyExists")
    # An administrator finds that of a project which never looked.
    found = house.list("security_group", project_id=OTHER, roles="admin")
    assert [each["name"] for each in found] == ["default"]


def test_the_rules_that_a_group_begins_with_count(house: House) -> None:
    house.list("security_group")
    body = {"quota": {"security_group_rule": 5}}
    house.ok("PUT", f"/v2.0/quotas/{OWNER}", body, roles="admin")
    assert house.refused("security_group", name="web") == (409, "OverQuota")
    assert [each["name"] for each in house.list("security_group")] == ["default"]


def test_a_group_is_named_once(house: House) -> None:
    network, _ = house.network()
    group = house.make("security_group", name="web")["id"]
    twice = house.refused(
        "port", network_id=network["id"], security_groups=[group, group]
    )
    assert twice == (400, "InvalidInput")


def test_remote_groups(house: House) -> None:
    web = house.make("security_group", name="web")
    both = {
        "security_group_id": web["id"],
        "direction": "ingress",
        "remote_group_id": web["id"],
        "remote_ip_prefix": "10.0.0.0/8",
    }
    assert house.refused("security_group_rule", **both)[0] == 400
    foreign = house.make("security_group", name="f", as_project=OTHER)
    named = {**both, "remote_group_id": foreign["id"], "remote_ip_prefix": None}
    assert house.refused("security_group_rule", **named) == (
        404,
        "SecurityGroupNotFound",
    )


def test_a_group_in_use_stays(house: House) -> None:
    group = house.make("security_group", name="web")
    network, _ = house.network()
    port = house.make("port", network_id=network["id"], security_groups=[group["id"]])
    assert house.delete("security_group", group["id"]).error == "SecurityGroupInUse"
    house.delete("port", port["id"])
    assert house.delete("security_group", group["id"]).status == 204


def test_hosts_hear_of_rules_and_members(house: House) -> None:
    network, _ = house.network()
    group = house.make("security_group", name="web")
    other = house.make("security_group", name="db")
    port = house.make("port", network_id=network["id"], security_groups=[group["id"]])
    house.client.bind_port(port["id"], device_id="s", host=HOST)
    rule(house, group, remote_group_id=other["id"], protocol="tcp")
    house.listen(f"network.host.{HOST}")
    rule(house, group, protocol="udp")
    assert house.woken
    house.woken.clear()
    # A member of a group that ours names as remote, on no host yet.
    house.make("port", network_id=network["id"], security_groups=[other["id"]])
    assert house.woken
    view = house.view()
    groups = {each.id: each for each in view.security_groups}
    assert groups[other["id"]].members == ("10.1.0.3",)
    assert {each.protocol for each in groups[group["id"]].rules} == {None, 6, 17}


def test_services_see_the_groups_of_a_project(house: House) -> None:
    found = house.client.security_groups(OTHER)
    assert [each.name for each in found] == ["default"]
    assert house.client.find_security_group(OTHER, "default") == found[0]
    assert [each["name"] for each in house.list("security_group")] == ["default"]
    assert house.list("security_group")[0]["project_id"] == OWNER
