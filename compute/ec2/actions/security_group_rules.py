"""What security groups let pass: permissions given, taken back, described."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from compute.ec2 import ids, tagging
from compute.ec2.actions.security_groups import MISSING, asked_group
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Thing
from compute.ec2.marking import add_words
from compute.ec2.permissions import asked_permissions
from compute.ec2.prefix_lists import source_named
from compute.ec2.views.security_groups import security_group_rule

_NO_PERMISSION = "InvalidPermission.NotFound"

FILTERS: Mapping[str, Accessor] = {
    "group-id": lambda rule: rule["groupId"],
    "security-group-rule-id": lambda rule: rule["securityGroupRuleId"],
}


def describe(call: Call) -> Document:
    """``DescribeSecurityGroupRules``."""
    parameters, inventory = call.parameters, call.inventory
    shown = [
        security_group_rule(inventory, rule)
        for group in inventory.groups
        for rule in group["security_group_rules"]
    ]
    by_id = {rule["securityGroupRuleId"]: rule for rule in shown}
    wanted = parameters.texts("SecurityGroupRuleId")
    shown = ids.named(by_id, ids.GROUP_RULE, wanted)
    found = chosen(shown, asked_filters(parameters), FILTERS)
    key = "securityGroupRuleId"
    found, token = page(parameters, found, lambda each: str(each[key]))
    return {"securityGroupRuleSet": found, "nextToken": token}


def _authorize(call: Call, direction: str) -> Document:
    group = asked_group(call)
    tags = tagging.tags_for_new(call.parameters, ids.GROUP_RULE)[ids.GROUP_RULE]
    rules = []
    for permission in asked_permissions(
        call.parameters, call.inventory, partial(source_named, call)
    ):
        rule = {
            "security_group_id": group["id"],
            "direction": direction,
            **permission.fields(),
        }
        rules.append(rule)
    body = {"security_group_rules": rules}
    with coded(
        missing=MISSING,
        duplicate="InvalidPermission.Duplicate",
        limit="RulesPerSecurityGroupLimitExceeded",
    ):
        made = call.rooms.post("network", "security-group-rules", body=body)
    words = tagging.words_for(tagging.HOLDERS[ids.GROUP_RULE], tags)
    shown = []
    for rule in made["security_group_rules"]:
        add_words(call.rooms, "security-group-rules", rule["id"], words)
        shown.append(security_group_rule(call.inventory, {**rule, "tags": words}))
    return {"return": True, "securityGroupRuleSet": shown}


def authorize_ingress(call: Call) -> Document:
    """``AuthorizeSecurityGroupIngress``: all rules, or none."""
    return _authorize(call, "ingress")


def authorize_egress(call: Call) -> Document:
    """``AuthorizeSecurityGroupEgress``: all rules, or none."""
    return _authorize(call, "egress")


def _revoke(call: Call, direction: str) -> Document:
    gone = _named(call, direction)
    for rule in gone:
        with coded(missing=_NO_PERMISSION):
            call.rooms.delete("network", "security-group-rules", rule["id"])
    return {"return": True}


def revoke_ingress(call: Call) -> Document:
    """``RevokeSecurityGroupIngress``."""
    return _revoke(call, "ingress")


def revoke_egress(call: Call) -> Document:
    """``RevokeSecurityGroupEgress``."""
    return _revoke(call, "egress")


def _named(call: Call, direction: str) -> list[Thing]:
    """The rules of a group that a request names, by ids or by what they say."""
    rules = [
        rule
        for rule in asked_group(call)["security_group_rules"]
        if rule["direction"] == direction
    ]
    if wanted := call.parameters.texts("SecurityGroupRuleId"):
        uuids = {call.inventory.uuid(ids.GROUP_RULE, each) for each in wanted}
        if uuids - {rule["id"] for rule in rules}:
            raise ids.not_found(ids.GROUP_RULE, ", ".join(wanted))
        # One whose successor was made by somebody who then died has the same id.
        return [rule for rule in rules if call.inventory.rule_id(rule) in wanted]
    found = []
    for permission in asked_permissions(
        call.parameters, call.inventory, partial(source_named, call)
    ):
        fitting = [rule for rule in rules if permission.is_of(rule)]
        if not fitting:
            text = "The specified rule does not exist in this security group."
            raise Ec2Error(_NO_PERMISSION, text)
        found += fitting
    return found


# ---- descriptions --------------------------------------------------------------------


def _say(call: Call, direction: str) -> Document:
    group, inventory = asked_group(call), call.inventory
    wanted: dict[str, str] = {}
    if named := call.parameters.structures("SecurityGroupRuleDescription"):
        for each in named:
            identifier = each.required("SecurityGroupRuleId")
            uuid = inventory.uuid(ids.GROUP_RULE, identifier)
            wanted[uuid] = each.text("Description")
    else:
        for permission in asked_permissions(
            call.parameters, call.inventory, partial(source_named, call)
        ):
            fitting = [
                rule["id"]
                for rule in group["security_group_rules"]
                if rule["direction"] == direction and permission.is_of(rule)
            ]
            if not fitting:
                text = "The specified rule does not exist in this security group."
                raise Ec2Error(_NO_PERMISSION, text)
            wanted |= dict.fromkeys(fitting, permission.description)
    for uuid, text in wanted.items():
        body = {"security_group_rule": {"description": text}}
        with coded(missing=_NO_PERMISSION):
            call.rooms.put("network", "security-group-rules", uuid, body=body)
    return {"return": True}


def say_of_ingress(call: Call) -> Document:
    """``UpdateSecurityGroupRuleDescriptionsIngress``."""
    return _say(call, "ingress")


def say_of_egress(call: Call) -> Document:
    """``UpdateSecurityGroupRuleDescriptionsEgress``."""
    return _say(call, "egress")


_PERMISSIONS = (
    "GroupId IpPermissions IpProtocol FromPort ToPort CidrIp"
    " SourceSecurityGroupName SourceSecurityGroupOwnerId"
)
_DESCRIPTIONS = "GroupId GroupName IpPermissions SecurityGroupRuleDescription"
ACTIONS = {
    "AuthorizeSecurityGroupIngress": Action(
        authorize_ingress, f"{_PERMISSIONS} GroupName TagSpecification"
    ),
    "AuthorizeSecurityGroupEgress": Action(
        authorize_egress, f"{_PERMISSIONS} TagSpecification"
    ),
    "RevokeSecurityGroupIngress": Action(
        revoke_ingress, f"{_PERMISSIONS} GroupName SecurityGroupRuleId"
    ),
    "RevokeSecurityGroupEgress": Action(
        revoke_egress, f"{_PERMISSIONS} SecurityGroupRuleId"
    ),
    "DescribeSecurityGroupRules": Action(
        describe, "SecurityGroupRuleId Filter MaxResults NextToken"
    ),
    "UpdateSecurityGroupRuleDescriptionsIngress": Action(say_of_ingress, _DESCRIPTIONS),
    "UpdateSecurityGroupRuleDescriptionsEgress": Action(say_of_egress, _DESCRIPTIONS),
}
