"""Security groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.default_groups import default_group, is_default_group
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing
from compute.ec2.frame.filters import Accessor, Filter, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import add_words, undone
from compute.ec2.permissions import group_named
from compute.ec2.views.security_groups import security_group
from compute.ec2.vpcs import OF_VPC
from compute.ec2.words import mark, word

MISSING = "InvalidGroup.NotFound"
_DEFAULT = "default"


def _each(direction: str, *names: str) -> Accessor:
    """Something of each of a group's permissions in one direction."""

    def look(document: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = list(document[direction])
        for name in names:
            found = [each.get(name) for each in found]
            if found and isinstance(found[0], list):
                found = [inner for each in found for inner in each]
        return [each for each in found if each is not None]

    return look


def _permission_filters(prefix: str, direction: str) -> dict[str, Accessor]:
    return {
        f"{prefix}.cidr": _each(direction, "ipRanges", "cidrIp"),
        f"{prefix}.from-port": _each(direction, "fromPort"),
        f"{prefix}.group-id": _each(direction, "groups", "groupId"),
        f"{prefix}.ipv6-cidr": _each(direction, "ipv6Ranges", "cidrIpv6"),
        f"{prefix}.protocol": _each(direction, "ipProtocol"),
        f"{prefix}.to-port": _each(direction, "toPort"),
    }


FILTERS: Mapping[str, Accessor] = {
    "description": lambda shown: shown["groupDescription"],
    "group-id": lambda shown: shown["groupId"],
    "group-name": lambda shown: shown["groupName"],
    "owner-id": lambda shown: shown["ownerId"],
    "vpc-id": lambda shown: shown["vpcId"],
    **_permission_filters("ip-permission", "ipPermissions"),
    **_permission_filters("egress.ip-permission", "ipPermissionsEgress"),
}


def describe(call: Call) -> Document:
    """``DescribeSecurityGroups``."""
    parameters, inventory = call.parameters, call.inventory
    filters = asked_filters(parameters)
    vpc = _vpc_asked(inventory, filters)
    has_own = bool(vpc) and default_group(inventory, vpc) is not None
    # Who names a group alone means one that is of no VPC, as AWS's default VPC's are.
    is_named = bool(parameters.texts("GroupName")) and not vpc
    shown = []
    for group in inventory.groups:
        if is_named and is_default_group(group):
            continue
        if has_own and group["name"] == _DEFAULT and not mark(group, OF_VPC):
            continue
        document = security_group(inventory, group)
        if vpc and not mark(group, OF_VPC):
            document["vpcId"] = vpc
        shown.append(document)
    for name, key in (("GroupId", "groupId"), ("GroupName", "groupName")):
        if wanted := parameters.texts(name):
            there = {document[key] for document in shown}
            for each in wanted:
                if each not in there:
                    text = f"The security group '{each}' does not exist"
                    raise Ec2Error(MISSING, text)
            shown = [document for document in shown if document[key] in wanted]
    found = chosen(shown, filters, FILTERS)
    found, token = page(parameters, found, lambda each: str(each["groupId"]))
    return {"securityGroupInfo": found, "nextToken": token}


def _vpc_asked(inventory: Inventory, filters: Sequence[Filter]) -> str:
    """The VPC in which somebody looks.  A group that was made for none is good in all
    networks: who looks in a VPC finds it there, but the one named default only in
    those that have none of their own."""
    for each in filters:
        if each.name == "vpc-id":
            found = [vpc for vpc in inventory.layout.vpcs if each.fits(vpc)]
            return found[0] if found else ""
    return ""


def create(call: Call) -> Document:
    """``CreateSecurityGroup``: names are a VPC's own."""
    parameters, inventory = call.parameters, call.inventory
    name = parameters.required("GroupName")
    description = parameters.required("GroupDescription")
    vpc = parameters.text("VpcId")
    if vpc == inventory.layout.default:
        vpc = ""
    elif vpc:
        vpc = inventory.layout.vpc(vpc).id
    tags = tagging.tags_for_new(parameters, ids.GROUP)[ids.GROUP]
    for group in inventory.groups:
        if group["name"] == name and mark(group, OF_VPC) in (vpc, ""):
            text = f"The security group '{name}' already exists"
            raise Ec2Error("InvalidGroup.Duplicate", text)
    body = {"security_group": {"name": name, "description": description}}
    with coded(limit="SecurityGroupLimitExceeded"):
        made = call.rooms.post("network", "security-groups", body=body)
    uuid = made["security_group"]["id"]
    with undone(call.rooms, "network", "security-groups", uuid):
        words = tagging.words_for(tagging.HOLDERS[ids.GROUP], tags)
        words += [word(OF_VPC, vpc)] if vpc else []
        add_words(call.rooms, "security-groups", uuid, words)
    return {
        "return": True,
        "groupId": inventory.id_of(ids.GROUP, uuid),
        "tagSet": [{"key": key, "value": value} for key, value in sorted(tags.items())],
    }


def delete(call: Call) -> Document:
    """``DeleteSecurityGroup``."""
    group = asked_group(call)
    if is_default_group(group) and mark(group, OF_VPC) in call.inventory.layout.vpcs:
        identifier = call.inventory.id_of(ids.GROUP, group["id"])
        text = f"the specified group: '{identifier}' cannot be deleted by a user"
        raise Ec2Error("CannotDelete", text)
    with coded(missing=MISSING, state="DependencyViolation"):
        call.rooms.delete("network", "security-groups", group["id"])
    identifier = ids.ec2_id(ids.GROUP, group["id"])
    return {"return": True, "groupId": identifier}


def asked_group(call: Call) -> Thing:
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


ACTIONS = {
    "DescribeSecurityGroups": Action(
        describe, "GroupId GroupName Filter MaxResults NextToken"
    ),
    "CreateSecurityGroup": Action(
        create, "GroupName GroupDescription VpcId TagSpecification"
    ),
    "DeleteSecurityGroup": Action(delete, "GroupId GroupName"),
}
