"""``ModifySecurityGroupRules``: what a rule lets pass, and what is said of it.

A rule of the network room is what it is: another port or source is another rule.  So
one that is to be otherwise gets a successor, which inherits its id and its tags, and
goes after that: nothing that both let pass is held up meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from compute.ec2 import ids
from compute.ec2.actions.security_groups import asked_group
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import RULE_ID, Thing
from compute.ec2.marking import add_words, there_or_not, undone
from compute.ec2.permissions import Permission, asked_permissions
from compute.ec2.prefix_lists import source_named
from compute.ec2.words import read_words, word

_PATH = "security-group-rules"
_MISSING = ids.not_found(ids.GROUP_RULE, "").code
_PORTS = ("IpProtocol", "FromPort", "ToPort")
# Sources of a rule, and where permissions have them.
_SOURCES = {
    "CidrIpv4": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "ReferencedGroupId": ("Groups", "GroupId"),
    "PrefixListId": ("PrefixListIds", "PrefixListId"),
}


def modify(call: Call) -> Document:
    """All rules are looked at before the first is changed."""
    rules = {each["id"]: each for each in asked_group(call)["security_group_rules"]}
    wanted = call.parameters.structures("SecurityGroupRule")
    if not wanted:
        raise missing("SecurityGroupRule")
    changes = []
    # Those whose successors were made by somebody who then died.
    left: list[str] = []
    for each in wanted:
        identifier = each.required("SecurityGroupRuleId")
        uuid = call.inventory.uuid(ids.GROUP_RULE, identifier)
        if uuid not in rules:
            raise ids.not_found(ids.GROUP_RULE, identifier)
        said = each.structure("SecurityGroupRule")
        changes.append((rules[uuid], said.text("Description"), _wished(call, said)))
        left += [
            rule["id"]
            for rule in rules.values()
            if call.inventory.rule_id(rule) == identifier and rule["id"] != uuid
        ]
    for uuid in left:
        with there_or_not():
            call.rooms.delete("network", _PATH, uuid)
    for rule, text, permission in changes:
        if permission is None or permission.is_of(rule):
            body = {"security_group_rule": {"description": text}}
            with coded(missing=_MISSING):
                call.rooms.put("network", _PATH, rule["id"], body=body)
        else:
            _replace(call, rule, permission)
    return {"return": True}


def _wished(call: Call, said: Parameters) -> Permission | None:
    """What a rule is to let pass; None: as it is."""
    said.heed(
        "IpProtocol FromPort ToPort CidrIpv4 CidrIpv6 ReferencedGroupId PrefixListId"
        " Description"
    )
    if not said.has("IpProtocol"):
        if set(said.names()) - {"Description"}:
            raise missing("SecurityGroupRule.IpProtocol")
        return None
    text = said.text("Description")
    sources: dict[str, Any] = {}
    for name, (many, one) in _SOURCES.items():
        if value := said.text(name):
            sources[many] = {"1": {one: value, "Description": text}}
    if len(sources) > 1:
        raise Ec2Error("InvalidParameterCombination", "A rule has one source")
    ports = {name: said.text(name) for name in _PORTS if said.has(name)}
    tree = {"IpPermissions": {"1": {**ports, **sources}}}
    return asked_permissions(
        Parameters(tree), call.inventory, partial(source_named, call)
    )[0]


def _replace(call: Call, rule: Thing, permission: Permission) -> None:
    body = {
        "security_group_id": rule["security_group_id"],
        "direction": rule["direction"],
        **permission.fields(),
    }
    with coded(
        missing=_MISSING,
        duplicate="InvalidPermission.Duplicate",
        limit="RulesPerSecurityGroupLimitExceeded",
    ):
        made = call.rooms.post("network", _PATH, body={"security_group_rule": body})
        uuid = made["security_group_rule"]["id"]
        with undone(call.rooms, "network", _PATH, uuid):
            kept = {**read_words(rule), RULE_ID: call.inventory.rule_id(rule)}
            words = [word(key, value) for key, value in kept.items()]
            add_words(call.rooms, _PATH, uuid, words)
        with there_or_not():
            call.rooms.delete("network", _PATH, rule["id"])


ACTIONS = {
    "ModifySecurityGroupRules": Action(
        modify, "GroupId SecurityGroupRule", is_alone=True
    )
}
