"""Security groups, and what they let pass, as documents have them."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.permissions import ALL, shown_ports
from compute.ec2.vpcs import OF_VPC
from compute.ec2.words import mark


def security_group(inventory: Inventory, group: Thing) -> dict[str, Any]:
    """A group; of one that was made for no VPC, the default is said."""
    rules = group["security_group_rules"]
    return {
        "ownerId": group["project_id"],
        "groupId": inventory.id_of(ids.GROUP, group["id"]),
        "groupName": group["name"],
        "groupDescription": group["description"],
        "vpcId": mark(group, OF_VPC) or inventory.layout.default,
        "ipPermissions": _permissions(inventory, rules, "ingress"),
        "ipPermissionsEgress": _permissions(inventory, rules, "egress"),
        "tagSet": tagging.tag_set(ids.GROUP, group),
    }


def _permissions(
    inventory: Inventory, rules: list[Thing], direction: str
) -> list[dict[str, Any]]:
    """Rules for the same ports are one permission."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in rules:
        if rule["direction"] != direction:
            continue
        ports = shown_ports(rule)
        key = (rule["protocol"], *ports)
        permission = found.setdefault(
            key,
            {
                "ipProtocol": rule["protocol"] or ALL,
                "fromPort": ports[0],
                "toPort": ports[1],
                "groups": [],
                "ipRanges": [],
                "ipv6Ranges": [],
                "prefixListIds": [],
            },
        )
        description = rule.get("description") or None
        if group := rule["remote_group_id"]:
            permission["groups"].append(
                {
                    "userId": inventory.signer.project_id,
                    "groupId": inventory.id_of(ids.GROUP, group),
                    "description": description,
                }
            )
        elif listed := _prefix_list(inventory, rule):
            each = {"prefixListId": listed, "description": description}
            permission["prefixListIds"].append(each)
        elif rule["ethertype"] == "IPv4":
            prefix = rule["remote_ip_prefix"] or "0.0.0.0/0"
            each = {"cidrIp": prefix, "description": description}
            permission["ipRanges"].append(each)
        else:
            prefix = rule["remote_ip_prefix"] or "::/0"
            each = {"cidrIpv6": prefix, "description": description}
            permission["ipv6Ranges"].append(each)
    return list(found.values())


def _prefix_list(inventory: Inventory, rule: Thing) -> str | None:
    addresses = rule.get("remote_address_group_id")
    return inventory.id_of(ids.PREFIX_LIST, addresses) if addresses else None


def security_group_rule(inventory: Inventory, rule: Thing) -> dict[str, Any]:
    """One rule by itself."""
    first, last = shown_ports(rule)
    prefix, group = rule["remote_ip_prefix"], rule["remote_group_id"]
    listed = _prefix_list(inventory, rule)
    has_prefix = not group and not listed
    is_v4 = rule["ethertype"] == "IPv4"
    return {
        "securityGroupRuleId": inventory.rule_id(rule),
        "groupId": inventory.id_of(ids.GROUP, rule["security_group_id"]),
        "groupOwnerId": rule["project_id"],
        "isEgress": rule["direction"] == "egress",
        "ipProtocol": rule["protocol"] or ALL,
        "fromPort": -1 if first is None else first,
        "toPort": -1 if last is None else last,
        "cidrIpv4": (prefix or "0.0.0.0/0") if has_prefix and is_v4 else None,
        "cidrIpv6": (prefix or "::/0") if has_prefix and not is_v4 else None,
        "prefixListId": listed,
        "referencedGroupInfo": (
            {"groupId": inventory.id_of(ids.GROUP, group)} if group else None
        ),
        "description": rule.get("description") or None,
        "tagSet": tagging.tag_set(ids.GROUP_RULE, rule),
    }
