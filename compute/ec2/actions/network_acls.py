"""Network ACLs: each VPC has the one that lets everything pass, as AWS's does that
nobody has changed.  There are no others, because networks have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory
from compute.ec2.vpcs import EVERYWHERE, Vpc

_ASSOCIATION = "aclassoc"
_ALL_PROTOCOLS = "-1"
_FIRST_RULE = 100
# The one that refuses what no other has let pass; there is nothing left for it.
_LAST_RULE = 32767


def _associated(name: str) -> Accessor:
    return lambda shown: [each[name] for each in shown["associationSet"]]


FILTERS: Mapping[str, Accessor] = {
    "association.association-id": _associated("networkAclAssociationId"),
    "association.network-acl-id": _associated("networkAclId"),
    "association.subnet-id": _associated("subnetId"),
    "default": lambda shown: shown["default"],
    "network-acl-id": lambda shown: shown["networkAclId"],
    "owner-id": lambda shown: shown["ownerId"],
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeNetworkAcls``."""
    shown = [
        _document(call.inventory, vpc) for vpc in call.inventory.layout.vpcs.values()
    ]
    by_id = {each["networkAclId"]: each for each in shown}
    shown = ids.named(by_id, ids.ACL, call.parameters.texts("NetworkAclId"))
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["networkAclId"]))
    return {"networkAclSet": found, "nextToken": token}


def _document(inventory: Inventory, vpc: Vpc) -> dict[str, Any]:
    identifier = f"{ids.ACL}-{vpc.id.removeprefix(f'{ids.VPC}-')}"
    return {
        "networkAclId": identifier,
        "vpcId": vpc.id,
        "ownerId": inventory.signer.project_id,
        "default": True,
        "entrySet": [
            {
                "ruleNumber": number,
                "protocol": _ALL_PROTOCOLS,
                "ruleAction": action,
                "egress": is_egress,
                "cidrBlock": EVERYWHERE,
            }
            for is_egress in (True, False)
            for number, action in ((_FIRST_RULE, "allow"), (_LAST_RULE, "deny"))
        ],
        "associationSet": [
            {
                "networkAclAssociationId": ids.ec2_id(_ASSOCIATION, subnet["id"]),
                "networkAclId": identifier,
                "subnetId": inventory.id_of(ids.SUBNET, subnet["id"]),
            }
            for subnet in vpc.subnets
        ],
        "tagSet": [],
    }


ACTIONS = {
    "DescribeNetworkAcls": Action(describe, "NetworkAclId Filter MaxResults NextToken"),
}
