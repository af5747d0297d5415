"""``ModifySecurityGroupRules``: what is said of a rule.

A rule of the network room is what it is: another port or source is another rule, with
another id.  So a rule that is to be otherwise is refused, and its description changed.
"""

from __future__ import annotations

from compute.ec2 import ids
from compute.ec2.actions.security_groups import asked_group
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing
from compute.ec2.views.security_groups import security_group_rule

# What a request says of a rule, and where that is shown.
_SAID = {
    "IpProtocol": "ipProtocol",
    "FromPort": "fromPort",
    "ToPort": "toPort",
    "CidrIpv4": "cidrIpv4",
    "CidrIpv6": "cidrIpv6",
}


def modify(call: Call) -> Document:
    """All rules are looked at before the first is changed."""
    rules = {each["id"]: each for each in asked_group(call)["security_group_rules"]}
    wanted = call.parameters.structures("SecurityGroupRule")
    if not wanted:
        raise missing("SecurityGroupRule")
    texts = {}
    for each in wanted:
        identifier = each.required("SecurityGroupRuleId")
        uuid = call.inventory.uuid(ids.GROUP_RULE, identifier)
        if uuid not in rules:
            raise ids.not_found(ids.GROUP_RULE, identifier)
        said = each.structure("SecurityGroupRule")
        _check_same(call, rules[uuid], said)
        texts[uuid] = said.text("Description")
    for uuid, text in texts.items():
        body = {"security_group_rule": {"description": text}}
        with coded(missing=ids.not_found(ids.GROUP_RULE, "").code):
            call.rooms.put("network", "security-group-rules", uuid, body=body)
    return {"return": True}


def _check_same(call: Call, rule: Thing, said: Parameters) -> None:
    said.heed(f"{' '.join(_SAID)} ReferencedGroupId Description")
    shown = security_group_rule(call.inventory, rule)
    referenced = (shown["referencedGroupInfo"] or {}).get("groupId")
    has = {name: shown[key] for name, key in _SAID.items()}
    has["ReferencedGroupId"] = referenced
    for name, value in has.items():
        if (given := said.text(name)) and given != str(value):
            text = "It stays as it is: authorize another rule, and revoke this one."
            raise unsupported(f"SecurityGroupRule.{name}", text)


ACTIONS = {"ModifySecurityGroupRules": Action(modify, "GroupId SecurityGroupRule")}
