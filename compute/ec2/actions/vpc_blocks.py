"""Further blocks of a VPC: its subnets may be in each of them."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from compute.ec2.actions.vpcs import block_asked, block_id, own_vpc
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.marking import set_marks
from compute.ec2.vpcs import CIDR, MORE_CIDRS, Vpc
from compute.ec2.words import mark

# As many as AWS gives.
BLOCKS_MAX = 5
_OF_IPV6 = ("AmazonProvidedIpv6CidrBlock", "Ipv6CidrBlock", "Ipv6Pool")


def associate(call: Call) -> Document:
    """``AssociateVpcCidrBlock``: one more, of IPv4."""
    parameters = call.parameters
    for name in _OF_IPV6:
        if parameters.text(name, "false") != "false":
            raise unsupported(name, "VPCs have no IPv6.")
    vpc = own_vpc(call, parameters.required("VpcId"))
    if not mark(vpc.router or {}, CIDR):
        text = f"{vpc.id} was made for no block: it has those of its subnets"
        raise Ec2Error("OperationNotPermitted", text)
    block = block_asked(parameters.required("CidrBlock"), "InvalidVpc.Range")
    taken = [*vpc.blocks, *([vpc.transit["cidr"]] if vpc.transit else [])]
    if any(block.overlaps(IPv4Network(each)) for each in taken):
        text = f"The CIDR '{block}' conflicts with another of {vpc.id}"
        raise Ec2Error("CidrConflict", text)
    if len(vpc.blocks) >= BLOCKS_MAX:
        text = f"A VPC has {BLOCKS_MAX} blocks at most"
        raise Ec2Error("ResourceLimitExceeded", text)
    _write(call, vpc, [*_further(vpc), str(block)])
    return _document(vpc, str(block), "associated")


def disassociate(call: Call) -> Document:
    """``DisassociateVpcCidrBlock``: not the first, and none with subnets."""
    identifier = call.parameters.required("AssociationId")
    for vpc in call.inventory.layout.vpcs.values():
        for block in vpc.blocks:
            if block_id(vpc.id, block) == identifier:
                return _parted(call, vpc, block, identifier)
    text = f"The association ID '{identifier}' does not exist"
    raise Ec2Error("InvalidVpcCidrBlockAssociationID.NotFound", text)


def _parted(call: Call, vpc: Vpc, block: str, identifier: str) -> Document:
    left = _further(vpc)
    if block not in left:
        text = f"The block of {identifier} is the first of its VPC, and stays"
        raise Ec2Error("OperationNotPermitted", text)
    whole = IPv4Network(block)
    if any(IPv4Network(each["cidr"]).subnet_of(whole) for each in vpc.subnets):
        text = f"The block of {identifier} has subnets"
        raise Ec2Error("DependencyViolation", text)
    left.remove(block)
    _write(call, vpc, left)
    return _document(vpc, block, "disassociated")


def _further(vpc: Vpc) -> list[str]:
    return mark(vpc.router, MORE_CIDRS).split() if vpc.router is not None else []


def _write(call: Call, vpc: Vpc, further: list[str]) -> None:
    assert vpc.router is not None
    with coded(missing="InvalidVpcID.NotFound"):
        marks = {MORE_CIDRS: " ".join(further)}
        set_marks(call.inventory, "routers", vpc.router, marks)


def _document(vpc: Vpc, block: str, state: str) -> dict[str, Any]:
    return {
        "vpcId": vpc.id,
        "cidrBlockAssociation": {
            "associationId": block_id(vpc.id, block),
            "cidrBlock": block,
            "cidrBlockState": {"state": state},
        },
    }


ACTIONS = {
    "AssociateVpcCidrBlock": Action(
        associate, f"VpcId CidrBlock {' '.join(_OF_IPV6)}", is_alone=True
    ),
    "DisassociateVpcCidrBlock": Action(disassociate, "AssociationId", is_alone=True),
}
