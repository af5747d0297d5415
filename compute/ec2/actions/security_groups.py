"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.permissions import ALL, asked_permissions, group_named, shown_ports

_MISSING = "InvalidGroup.NotFound"


def _each(*names: str) -> Accessor:
    """Something of each of a group's permissions to come in."""

    def look(document: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = list(document["ipPermissions"])
        for name in names:
            found = [each.get(name) for each in found]
            if found and isinstance(found[0], list):
                found = [inner for each in found for inner in each]
        return [each for each in found if each is not None]

    return look


FILTERS: Mapping[str, Accessor] = {
    "description": lambda shown: shown["groupDescription"],
    "group-id": lambda shown: shown["groupId"],
    "group-name": lambda shown: shown["groupName"],
    "ip-permission.cidr": _each("ipRanges", "cidrIp"),
    "ip-permission.from-port": _each("fromPort"),
    "ip-permission.group-id": _each("groups", "groupId"),
    "ip-permission.protocol": _each("ipProtocol"),
    "ip-permission.to-port": _each("toPort"),
    "owner-id": lambda shown: shown["ownerId"],
}


def describe(call: Call) -> Document:
    """``DescribeSecurityGroups``."""
    parameters, inventory = call.parameters, call.inventory
    shown = [_document(inventory, group) for group in inventory.groups]
    for name, key in (("GroupId", "groupId"), ("GroupName", "groupName")):
        if wanted := parameters.texts(name):
            there = {document[key] for document in shown}
            for each in wanted:
                if each not in there:
                    text = f"The security group '{each}' does not exist"
                    raise Ec2Error(_MISSING, text)
            shown = [document for document in shown if document[key] in wanted]
    # Groups are good in all networks: who looks in a VPC finds those of the project.
    accessors = {**FILTERS, "vpc-id": lambda _: inventory.vpcs}
    found = chosen(shown, asked_filters(parameters), accessors)
    found, token = page(parameters, found, lambda each: str(each["groupId"]))
    return {"securityGroupInfo": found, "nextToken": token}


def _document(inventory: Inventory, group: Thing) -> dict[str, Any]:
    rules = group["security_group_rules"]
    return {
        "ownerId": group["project_id"],
        "groupId": inventory.id_of(ids.GROUP, group["id"]),
        "groupName": group["name"],
        "groupDescription": group["description"],
        "vpcId": inventory.default_vpc,
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
        elif rule["ethertype"] == "IPv4":
            prefix = rule["remote_ip_prefix"] or "0.0.0.0/0"
            each = {"cidrIp": prefix, "description": description}
            permission["ipRanges"].append(each)
        else:
            prefix = rule["remote_ip_prefix"] or "::/0"
            each = {"cidrIpv6": prefix, "description": description}
            permission["ipv6Ranges"].append(each)
    return list(found.values())


def create(call: Call) -> Document:
    """``CreateSecurityGroup``."""
    parameters, inventory = call.parameters, call.inventory
    name = parameters.required("GroupName")
    description = parameters.required("GroupDescription")
    vpc = parameters.text("VpcId")
    if vpc and vpc not in inventory.vpcs:
        raise ids.not_found(ids.VPC, vpc)
    tags = tagging.tags_for_new(parameters, ids.GROUP)[ids.GROUP]
    if name in {group["name"] for group in inventory.groups}:
        text = f"The security group '{name}' already exists"
        raise Ec2Error("InvalidGroup.Duplicate", text)
    body = {"security_group": {"name": name, "description": description}}
    with coded(limit="SecurityGroupLimitExceeded"):
        made = call.rooms.post("network", "security-groups", body=body)
    uuid = made["security_group"]["id"]
    if tags:
        tagging.put(inventory, ids.GROUP, uuid, tags)
    return {
        "return": True,
        "groupId": inventory.id_of(ids.GROUP, uuid),
        "tagSet": [{"key": key, "value": value} for key, value in sorted(tags.items())],
    }


def delete(call: Call) -> Document:
    """``DeleteSecurityGroup``."""
    group = _group(call)
    with coded(missing=_MISSING, state="DependencyViolation"):
        call.rooms.delete("network", "security-groups", group["id"])
    identifier = ids.ec2_id(ids.GROUP, group["id"])
    return {"return": True, "groupId": identifier}


def _group(call: Call) -> Thing:
    """The group that a request names, by id or by name."""
    parameters, inventory = call.parameters, call.inventory
    if identifier := parameters.text("GroupId"):
        uuid = inventory.uuid(ids.GROUP, identifier)
        if uuid in inventory.groups_by_id:
            return inventory.groups_by_id[uuid]
        raise ids.not_found(ids.GROUP, identifier)
    if not (name := parameters.text("GroupName")):
        raise missing("GroupId")
    return group_named(inventory, name)


# ---- permissions -------------------------------------------------------------------


def _authorize(call: Call, direction: str) -> Document:
    group = _group(call)
    rules = []
    for permission in asked_permissions(call.parameters, call.inventory):
        rule = {
            "security_group_id": group["id"],
            "direction": direction,
            "ethertype": permission.ethertype,
            "protocol": permission.protocol,
            "port_range_min": permission.port_min,
            "port_range_max": permission.port_max,
            "remote_ip_prefix": permission.prefix,
            "remote_group_id": permission.group,
            "description": permission.description,
        }
        rules.append(rule)
    body = {"security_group_rules": rules}
    with coded(
        missing=_MISSING,
        duplicate="InvalidPermission.Duplicate",
        limit="RulesPerSecurityGroupLimitExceeded",
    ):
        made = call.rooms.post("network", "security-group-rules", body=body)
    shown = [_rule(call.inventory, rule) for rule in made["security_group_rules"]]
    return {"return": True, "securityGroupRuleSet": shown}


def authorize_ingress(call: Call) -> Document:
    """``AuthorizeSecurityGroupIngress``: all rules, or none."""
    return _authorize(call, "ingress")


def authorize_egress(call: Call) -> Document:
    """``AuthorizeSecurityGroupEgress``: all rules, or none."""
    return _authorize(call, "egress")


def _revoke(call: Call, direction: str) -> Document:
    group = _group(call)
    rules = [
        rule for rule in group["security_group_rules"] if rule["direction"] == direction
    ]
    if wanted := call.parameters.texts("SecurityGroupRuleId"):
        uuids = {call.inventory.uuid(ids.GROUP_RULE, each) for each in wanted}
        gone = [rule for rule in rules if rule["id"] in uuids]
        if len(gone) < len(uuids):
            raise ids.not_found(ids.GROUP_RULE, ", ".join(wanted))
    else:
        gone = []
        for permission in asked_permissions(call.parameters, call.inventory):
            found = [rule for rule in rules if permission.is_of(rule)]
            if not found:
                text = "The specified rule does not exist in this security group."
                raise Ec2Error("InvalidPermission.NotFound", text)
            gone += found
    for rule in gone:
        with coded(missing="InvalidPermission.NotFound"):
            call.rooms.delete("network", "security-group-rules", rule["id"])
    return {"return": True}


def revoke_ingress(call: Call) -> Document:
    """``RevokeSecurityGroupIngress``."""
    return _revoke(call, "ingress")


def revoke_egress(call: Call) -> Document:
    """``RevokeSecurityGroupEgress``."""
    return _revoke(call, "egress")


def describe_rules(call: Call) -> Document:
    """``DescribeSecurityGroupRules``."""
    parameters, inventory = call.parameters, call.inventory
    shown = [
        _rule(inventory, rule)
        for group in inventory.groups
        for rule in group["security_group_rules"]
    ]
    by_id = {rule["securityGroupRuleId"]: rule for rule in shown}
    wanted = parameters.texts("SecurityGroupRuleId")
    shown = ids.named(by_id, ids.GROUP_RULE, wanted)
    accessors: Mapping[str, Accessor] = {
        "group-id": lambda rule: rule["groupId"],
        "security-group-rule-id": lambda rule: rule["securityGroupRuleId"],
    }
    found = chosen(shown, asked_filters(parameters), accessors)
    key = "securityGroupRuleId"
    found, token = page(parameters, found, lambda each: str(each[key]))
    return {"securityGroupRuleSet": found, "nextToken": token}


def _rule(inventory: Inventory, rule: Thing) -> dict[str, Any]:
    first, last = shown_ports(rule)
    prefix, group = rule["remote_ip_prefix"], rule["remote_group_id"]
    is_v4 = rule["ethertype"] == "IPv4"
    return {
        "securityGroupRuleId": inventory.id_of(ids.GROUP_RULE, rule["id"]),
        "groupId": inventory.id_of(ids.GROUP, rule["security_group_id"]),
        "groupOwnerId": rule["project_id"],
        "isEgress": rule["direction"] == "egress",
        "ipProtocol": rule["protocol"] or ALL,
        "fromPort": -1 if first is None else first,
        "toPort": -1 if last is None else last,
        "cidrIpv4": None if group or not is_v4 else prefix or "0.0.0.0/0",
        "cidrIpv6": None if group or is_v4 else prefix or "::/0",
        "referencedGroupInfo": (
            {"groupId": inventory.id_of(ids.GROUP, group)} if group else None
        ),
        "description": rule.get("description") or None,
        "tagSet": [],
    }


_PERMISSIONS = (
    "GroupId IpPermissions IpProtocol FromPort ToPort CidrIp"
    " SourceSecurityGroupName SourceSecurityGroupOwnerId"
)
ACTIONS = {
    "DescribeSecurityGroups": Action(
        describe, "GroupId GroupName Filter MaxResults NextToken"
    ),
    "CreateSecurityGroup": Action(
        create, "GroupName GroupDescription VpcId TagSpecification"
    ),
    "DeleteSecurityGroup": Action(delete, "GroupId GroupName"),
    "AuthorizeSecurityGroupIngress": Action(
        authorize_ingress, f"{_PERMISSIONS} GroupName"
    ),
    "AuthorizeSecurityGroupEgress": Action(authorize_egress, _PERMISSIONS),
    "RevokeSecurityGroupIngress": Action(
        revoke_ingress, f"{_PERMISSIONS} GroupName SecurityGroupRuleId"
    ),
    "RevokeSecurityGroupEgress": Action(
        revoke_egress, f"{_PERMISSIONS} SecurityGroupRuleId"
    ),
    "DescribeSecurityGroupRules": Action(
        describe_rules, "SecurityGroupRuleId Filter MaxResults NextToken"
    ),
}
