"""Network ACLs (see ``ec2.network_acls``), and which subnets have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Thing
from compute.ec2.marking import set_marks
from compute.ec2.network_acls import (
    OF_SUBNET,
    Acl,
    acl_named,
    acls_of,
    enforce,
    packet_rules,
    settle,
    tell_rules,
)


def _associated(name: str) -> Accessor:
    return lambda shown: [each[name] for each in shown["associationSet"]]


def _entries(name: str, inner: str = "") -> Accessor:
    def look(shown: Mapping[str, Any]) -> list[Any]:
        found = [each.get(name) for each in shown["entrySet"]]
        return [each[inner] if inner else each for each in found if each is not None]

    return look


FILTERS: Mapping[str, Accessor] = {
    "association.association-id": _associated("networkAclAssociationId"),
    "association.network-acl-id": _associated("networkAclId"),
    "association.subnet-id": _associated("subnetId"),
    "default": lambda shown: shown["default"],
    "entry.cidr": _entries("cidrBlock"),
    "entry.egress": _entries("egress"),
    "entry.icmp.code": _entries("icmpTypeCode", "code"),
    "entry.icmp.type": _entries("icmpTypeCode", "type"),
    "entry.ipv6-cidr": _entries("ipv6CidrBlock"),
    "entry.port-range.from": _entries("portRange", "from"),
    "entry.port-range.to": _entries("portRange", "to"),
    "entry.protocol": _entries("protocol"),
    "entry.rule-action": _entries("ruleAction"),
    "entry.rule-number": _entries("ruleNumber"),
    "network-acl-id": lambda shown: shown["networkAclId"],
    "owner-id": lambda shown: shown["ownerId"],
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeNetworkAcls``."""
    settle(call)
    wanted = call.parameters.texts("NetworkAclId")
    shown = [_document(call, acl) for acl in ids.named(acls_of(call), ids.ACL, wanted)]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["networkAclId"]))
    return {"networkAclSet": found, "nextToken": token}


def _document(call: Call, acl: Acl) -> dict[str, Any]:
    return {
        "networkAclId": acl.id,
        "vpcId": acl.vpc,
        "ownerId": call.signer.project_id,
        "default": acl.is_default,
        "entrySet": [dict(each) for each in acl.all_entries()],
        "associationSet": [
            {
                "networkAclAssociationId": _association(acl.id, subnet),
                "networkAclId": acl.id,
                "subnetId": call.inventory.id_of(ids.SUBNET, subnet["id"]),
            }
            for subnet in acl.subnets
        ],
        "tagSet": tagging.set_of(acl.tags),
    }


def _association(acl: str, subnet: Thing) -> str:
    """That of another ACL with the same subnet has another."""
    return ids.id_of_name(ids.ACL_ASSOCIATION, f"{acl} {subnet['id']}")


def create(call: Call) -> Document:
    """``CreateNetworkAcl``: nothing passes it yet."""
    parameters, layout = call.parameters, call.inventory.layout
    vpc = layout.vpc(parameters.required("VpcId"))
    token = tagging.client_token(parameters)
    made = call.kept.add(
        call.signer,
        ids.ACL,
        {"entries": []},
        tagging.tags_of_type(parameters, tagging.ACL_TYPE),
        vpc=vpc.id,
        token=token,
        vpcs=layout.vpcs,
    )
    return {
        "networkAcl": _document(call, acl_named(call, made.id)),
        "clientToken": token or None,
    }


def delete(call: Call) -> Document:
    """``DeleteNetworkAcl``: one that no subnet has, and not a default one."""
    acl = acl_named(call, call.parameters.required("NetworkAclId"))
    if acl.is_default:
        text = f"cannot delete default network ACL {acl.id}"
        raise Ec2Error("InvalidParameterValue", text)
    if acl.subnets:
        text = f"The networkAcl '{acl.id}' has dependencies and cannot be deleted."
        raise Ec2Error("DependencyViolation", text)
    call.kept.drop(call.signer, [acl.id])
    # Somebody may just have given it to a subnet, which has the default one now.
    enforce(call, acl=acl.id)
    return {"return": True}


def replace(call: Call) -> Document:
    """``ReplaceNetworkAclAssociation``: another ACL of the VPC for a subnet."""
    association = call.parameters.required("AssociationId")
    acls = acls_of(call)
    held = {
        _association(acl.id, subnet): (acl, subnet)
        for acl in acls.values()
        for subnet in acl.subnets
    }
    before, subnet = ids.named(held, ids.ACL_ASSOCIATION, [association])[0]
    wanted = call.parameters.required("NetworkAclId")
    acl = ids.named(acls, ids.ACL, [wanted])[0]
    if acl.vpc != before.vpc:
        text = f"{acl.id} and the subnet are not of one VPC"
        raise Ec2Error("InvalidParameterValue", text)
    # Its rules first: never is it shown with others than it has.
    tell_rules(call, subnet, packet_rules(acl.entries))
    marks = {OF_SUBNET: "" if acl.is_default else acl.id}
    set_marks(call.inventory, "subnets", subnet, marks)
    enforce(call, subnet=subnet["id"])
    return {"newAssociationId": _association(acl.id, subnet)}


ACTIONS = {
    "DescribeNetworkAcls": Action(describe, "NetworkAclId Filter MaxResults NextToken"),
    "CreateNetworkAcl": Action(
        create, "VpcId TagSpecification ClientToken", is_alone=True
    ),
    "DeleteNetworkAcl": Action(delete, "NetworkAclId", is_alone=True),
    "ReplaceNetworkAclAssociation": Action(
        replace, "AssociationId NetworkAclId", is_alone=True
    ),
}
