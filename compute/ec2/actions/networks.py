"""Networks as they are: a router is a VPC, with the subnets that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, collapse_addresses, ip_address
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing


def describe_vpcs(call: Call) -> Document:
    """``DescribeVpcs``: one for each router of the project, and one, the default, with
    what has none."""
    inventory = call.inventory
    shown = [_vpc(inventory, inventory.default_vpc, "", is_default=True)]
    for router in inventory.routers:
        identifier = ids.ec2_id(ids.VPC, router["id"])
        shown.append(_vpc(inventory, identifier, router["name"], is_default=False))
    by_id = {each["vpcId"]: each for each in shown}
    shown = ids.named(by_id, ids.VPC, call.parameters.texts("VpcId"))
    accessors: Mapping[str, Accessor] = {
        "cidr": lambda each: each["cidrBlock"],
        "cidr-block": lambda each: each["cidrBlock"],
        "is-default": lambda each: each["isDefault"],
        "isDefault": lambda each: each["isDefault"],
        "owner-id": lambda each: each["ownerId"],
        "state": lambda each: each["state"],
        "vpc-id": lambda each: each["vpcId"],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    found, token = page(call.parameters, found, lambda each: str(each["vpcId"]))
    return {"vpcSet": found, "nextToken": token}


def _vpc(
    inventory: Inventory, identifier: str, name: str, *, is_default: bool
) -> dict[str, Any]:
    blocks = [
        IPv4Network(subnet["cidr"])
        for subnet in inventory.subnets
        if inventory.vpc_of(subnet["id"]) == identifier
    ]
    shown = [str(block) for block in collapse_addresses(blocks)]
    return {
        "vpcId": identifier,
        "ownerId": inventory.signer.project_id,
        "state": "available",
        "cidrBlock": shown[0] if shown else "0.0.0.0/0",
        "cidrBlockAssociationSet": [
            {
                "associationId": ids.id_of_name("vpc-cidr-assoc", identifier + block),
                "cidrBlock": block,
                "cidrBlockState": {"state": "associated"},
            }
            for block in shown
        ],
        "dhcpOptionsId": "default",
        "instanceTenancy": "default",
        "isDefault": is_default,
        "tagSet": [{"key": tagging.NAME, "value": name}] if name else [],
    }


def describe_subnets(call: Call) -> Document:
    """``DescribeSubnets``: for IPv4, the project's and those shared with it."""
    inventory = call.inventory
    shown = [_subnet(call, subnet) for subnet in inventory.subnets]
    by_id = {each["subnetId"]: each for each in shown}
    shown = ids.named(by_id, ids.SUBNET, call.parameters.texts("SubnetId"))
    accessors: Mapping[str, Accessor] = {
        "availability-zone": lambda each: each["availabilityZone"],
        "available-ip-address-count": lambda each: each["availableIpAddressCount"],
        "cidr": lambda each: each["cidrBlock"],
        "cidr-block": lambda each: each["cidrBlock"],
        "default-for-az": lambda each: each["defaultForAz"],
        "owner-id": lambda each: each["ownerId"],
        "state": lambda each: each["state"],
        "subnet-id": lambda each: each["subnetId"],
        "vpc-id": lambda each: each["vpcId"],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    found, token = page(call.parameters, found, lambda each: str(each["subnetId"]))
    return {"subnetSet": found, "nextToken": token}


def _subnet(call: Call, subnet: Thing) -> dict[str, Any]:
    inventory = call.inventory
    taken = sum(
        place["subnet_id"] == subnet["id"]
        for port in inventory.ports
        for place in port["fixed_ips"]
    )
    vpc = inventory.vpc_of(subnet["id"])
    zones = [zone["zoneName"] for zone in inventory.zones]
    return {
        "subnetId": inventory.id_of(ids.SUBNET, subnet["id"]),
        "state": "available",
        "ownerId": subnet["project_id"],
        "vpcId": vpc,
        "cidrBlock": subnet["cidr"],
        "ipv6CidrBlockAssociationSet": [],
        "availableIpAddressCount": max(0, _pool_size(subnet) - taken),
        # Networks reach every zone; EC2 wants to hear of one.
        "availabilityZone": zones[0] if zones else "",
        "defaultForAz": vpc == inventory.default_vpc,
        "mapPublicIpOnLaunch": False,
        "assignIpv6AddressOnCreation": False,
        "tagSet": tagging.tag_set(ids.SUBNET, subnet),
    }


def _pool_size(subnet: Thing) -> int:
    return sum(
        int(ip_address(pool["end"])) - int(ip_address(pool["start"])) + 1
        for pool in subnet["allocation_pools"]
    )


ACTIONS = {
    "DescribeVpcs": Action(describe_vpcs, "VpcId Filter MaxResults NextToken"),
    "DescribeSubnets": Action(describe_subnets, "SubnetId Filter MaxResults NextToken"),
}
