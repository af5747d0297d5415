"""VPCs: routers of the project (see ``ec2.vpcs``)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.default_groups import is_default_group, make_default_group
from compute.ec2.dhcp_options import set_of
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory
from compute.ec2.joining import part
from compute.ec2.marking import add_words, set_marks, there_or_not, undone
from compute.ec2.network_acls import acls_of
from compute.ec2.vpcs import CIDR, EVERYWHERE, OF_VPC, Vpc
from compute.ec2.words import RESERVED, mark, word

# What AWS allows.
PREFIX_LENGTHS = range(16, 29)
# Of a router: what was said of names for its VPC's instances; there are none.
DNS_HOSTNAMES = f"{RESERVED}dns-hostnames"

FILTERS: Mapping[str, Accessor] = {
    "cidr": lambda each: each["cidrBlock"],
    "cidr-block": lambda each: each["cidrBlock"],
    "cidr-block-association.cidr-block": lambda each: [
        block["cidrBlock"] for block in each["cidrBlockAssociationSet"]
    ],
    "dhcp-options-id": lambda each: each["dhcpOptionsId"],
    "is-default": lambda each: each["isDefault"],
    "isDefault": lambda each: each["isDefault"],
    "owner-id": lambda each: each["ownerId"],
    "state": lambda each: each["state"],
    "vpc-id": lambda each: each["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeVpcs``."""
    layout = call.inventory.layout
    wanted = ids.named(layout.vpcs, ids.VPC, call.parameters.texts("VpcId"))
    shown = [_document(call.inventory, vpc) for vpc in wanted]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["vpcId"]))
    return {"vpcSet": found, "nextToken": token}


def _document(inventory: Inventory, vpc: Vpc) -> dict[str, Any]:
    blocks = vpc.blocks
    return {
        "vpcId": vpc.id,
        "ownerId": inventory.signer.project_id,
        "state": "available",
        "cidrBlock": blocks[0] if blocks else EVERYWHERE,
        "cidrBlockAssociationSet": [
            {
                "associationId": block_id(vpc.id, block),
                "cidrBlock": block,
                "cidrBlockState": {"state": "associated"},
            }
            for block in blocks
        ],
        "dhcpOptionsId": set_of(vpc),
        "instanceTenancy": "default",
        "isDefault": vpc.is_default,
        "tagSet": tagging.tag_set(ids.VPC, vpc.router) if vpc.router else [],
    }


def block_id(vpc: str, block: str) -> str:
    """The id under which a VPC has a block."""
    return ids.id_of_name("vpc-cidr-assoc", vpc + block)


def block_asked(text: str, code: str) -> IPv4Network:
    """The block of addresses that a request writes; ``code``: for one too large or
    small.  As AWS does, bits of hosts are passed over.  ``Ec2Error``."""
    try:
        block = IPv4Network(text, strict=False)
    except ValueError:
        raise invalid("CidrBlock", text, "This is not a valid CIDR block.") from None
    if block.prefixlen not in PREFIX_LENGTHS:
        raise Ec2Error(code, f"The CIDR '{text}' is invalid: it is from /16 to /28.")
    return block


def create(call: Call) -> Document:
    """``CreateVpc``: a router that leads nowhere yet."""
    parameters, inventory = call.parameters, call.inventory
    block = block_asked(parameters.required("CidrBlock"), "InvalidVpc.Range")
    if parameters.flag("AmazonProvidedIpv6CidrBlock"):
        raise unsupported("AmazonProvidedIpv6CidrBlock")
    if parameters.text("InstanceTenancy", "default") != "default":
        raise unsupported("InstanceTenancy", "It can be default.")
    tags = tagging.tags_for_new(parameters, ids.VPC)[ids.VPC]
    wanted = {"name": tags.pop(tagging.NAME, "")}
    with coded(limit="VpcLimitExceeded"):
        made = call.rooms.post("network", "routers", body={"router": wanted})["router"]
    with undone(call.rooms, "network", "routers", made["id"]):
        words = tagging.words_for(tagging.HOLDERS[ids.VPC], tags)
        words.append(word(CIDR, str(block)))
        add_words(call.rooms, "routers", made["id"], words)
        identifier = inventory.id_of(ids.VPC, made["id"])
        with coded(limit="SecurityGroupLimitExceeded"):
            make_default_group(call.rooms, identifier)
    vpc = inventory.look_again().layout.vpc(identifier)
    return {"vpc": _document(inventory, vpc)}


def create_default(call: Call) -> Document:
    """``CreateDefaultVpc``: there always is one."""
    text = f"A Default VPC already exists: {call.inventory.layout.default}"
    raise Ec2Error("DefaultVpcAlreadyExists", text)


def own_vpc(call: Call, identifier: str) -> Vpc:
    """A VPC that can be changed: one with a router.  ``Ec2Error``."""
    vpc = call.inventory.layout.vpc(identifier)
    if vpc.router is None:
        text = f"{identifier} is what has no router: it cannot be changed"
        raise Ec2Error("OperationNotPermitted", text)
    return vpc


def delete(call: Call) -> Document:
    """``DeleteVpc``: when nothing is in it any more but what came with it."""
    layout = call.inventory.layout
    vpc = own_vpc(call, call.parameters.required("VpcId"))
    assert vpc.router is not None
    groups = [each for each in call.inventory.groups if mark(each, OF_VPC) == vpc.id]
    acls = [each for each in acls_of(call).values() if each.vpc == vpc.id]
    has_more = not all(map(is_default_group, groups)) or len(acls) > 1
    is_used = (
        vpc.subnets or len(vpc.tables) > 1 or vpc.nats or layout.gateway_of(vpc.id)
    )
    if is_used or has_more:
        text = f"The vpc '{vpc.id}' has dependencies and cannot be deleted."
        raise Ec2Error("DependencyViolation", text)
    with coded(missing="InvalidVpcID.NotFound", state="DependencyViolation"):
        if vpc.transit is not None:
            leave_transit(call, vpc)
        call.rooms.delete("network", "routers", vpc.router["id"])
        for group in groups:
            with there_or_not():
                call.rooms.delete("network", "security-groups", group["id"])
    call.kept.drop(call.signer, [each.id for each in acls])
    return {"return": True}


def leave_transit(call: Call, vpc: Vpc) -> None:
    """Take away the network on which route tables met."""
    assert vpc.router is not None and vpc.transit is not None
    if vpc.tables[0].address:
        part(call.inventory, vpc.router, vpc.transit)
    call.rooms.delete("network", "networks", vpc.transit["network_id"])


# ---- attributes ----------------------------------------------------------------------


def describe_attribute(call: Call) -> Document:
    """``DescribeVpcAttribute``."""
    vpc = call.inventory.layout.vpc(call.parameters.required("VpcId"))
    name = call.parameters.required("Attribute")
    has_names = vpc.router is not None and mark(vpc.router, DNS_HOSTNAMES) == "true"
    values = {
        "enableDnsSupport": True,
        "enableDnsHostnames": has_names,
        "enableNetworkAddressUsageMetrics": False,
    }
    if name not in values:
        raise invalid("Attribute", name)
    return {"vpcId": vpc.id, name: {"value": values[name]}}


def modify_attribute(call: Call) -> Document:
    """``ModifyVpcAttribute``: names of instances can be wished, and not be had."""
    parameters = call.parameters
    vpc = call.inventory.layout.vpc(parameters.required("VpcId"))
    for name, only in (
        ("EnableDnsSupport", True),
        ("EnableNetworkAddressUsageMetrics", False),
    ):
        if parameters.structure(name).flag("Value", only) is not only:
            raise unsupported(name, f"It can be {str(only).lower()}.")
    if parameters.has("EnableDnsHostnames"):
        wished = parameters.structure("EnableDnsHostnames").flag("Value")
        if (router := own_vpc(call, vpc.id).router) is not None:
            value = "true" if wished else ""
            set_marks(call.inventory, "routers", router, {DNS_HOSTNAMES: value})
    return {"return": True}


ACTIONS = {
    "DescribeVpcs": Action(describe, "VpcId Filter MaxResults NextToken"),
    "CreateVpc": Action(
        create,
        "CidrBlock InstanceTenancy AmazonProvidedIpv6CidrBlock TagSpecification",
    ),
    "CreateDefaultVpc": Action(create_default),
    "DeleteVpc": Action(delete, "VpcId", is_alone=True),
    "DescribeVpcAttribute": Action(describe_attribute, "VpcId Attribute"),
    "ModifyVpcAttribute": Action(
        modify_attribute,
        "VpcId EnableDnsSupport EnableDnsHostnames EnableNetworkAddressUsageMetrics",
    ),
}
