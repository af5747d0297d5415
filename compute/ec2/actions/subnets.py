"""Subnets: each that is made here has a network of its own, and its VPC's router."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, ip_address
from typing import Any

from compute.ec2 import dhcp_options, ids, tagging
from compute.ec2.actions.vpcs import block_asked
from compute.ec2.call import Call
from compute.ec2.dhcp_options import of_network, of_subnet, options_of
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.joining import align, lead, leave
from compute.ec2.marking import add_words, set_marks, undone
from compute.ec2.network_acls import beginning_rules, enforce, settle
from compute.ec2.vpcs import ALONE, CIDR, NAT_SUBNET, PUBLIC, ROUTER_INTERFACE, Vpc
from compute.ec2.words import mark, word

_MISSING = "InvalidSubnetID.NotFound"
_OF_THE_NETWORK = (ROUTER_INTERFACE, "network:dhcp")

FILTERS: Mapping[str, Accessor] = {
    "availability-zone": lambda each: each["availabilityZone"],
    "availabilityZone": lambda each: each["availabilityZone"],
    "availability-zone-id": lambda each: each["availabilityZoneId"],
    "available-ip-address-count": lambda each: each["availableIpAddressCount"],
    "cidr": lambda each: each["cidrBlock"],
    "cidr-block": lambda each: each["cidrBlock"],
    "cidrBlock": lambda each: each["cidrBlock"],
    "default-for-az": lambda each: each["defaultForAz"],
    "defaultForAz": lambda each: each["defaultForAz"],
    "map-public-ip-on-launch": lambda each: each["mapPublicIpOnLaunch"],
    "owner-id": lambda each: each["ownerId"],
    "state": lambda each: each["state"],
    "subnet-id": lambda each: each["subnetId"],
    "vpc-id": lambda each: each["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeSubnets``: for IPv4, the project's and those shared with it."""
    inventory = settle(call)
    shown = [_document(inventory, subnet) for subnet in inventory.subnets]
    by_id = {each["subnetId"]: each for each in shown}
    shown = ids.named(by_id, ids.SUBNET, call.parameters.texts("SubnetId"))
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["subnetId"]))
    return {"subnetSet": found, "nextToken": token}


def _document(inventory: Inventory, subnet: Thing) -> dict[str, Any]:
    taken = sum(
        place["subnet_id"] == subnet["id"]
        for port in inventory.ports
        for place in port["fixed_ips"]
    )
    vpc = inventory.layout.vpc_of(subnet["id"])
    zones = [zone["zoneName"] for zone in inventory.zones]
    # Networks reach every zone; EC2 wants to hear of one.
    zone = zones[0] if zones else ""
    return {
        "subnetId": inventory.id_of(ids.SUBNET, subnet["id"]),
        "state": "available",
        "ownerId": subnet["project_id"],
        "vpcId": vpc,
        "cidrBlock": subnet["cidr"],
        "ipv6CidrBlockAssociationSet": [],
        "availableIpAddressCount": max(0, _pool_size(subnet) - taken),
        "availabilityZone": zone,
        "availabilityZoneId": zone,
        "defaultForAz": vpc == inventory.layout.default,
        "mapPublicIpOnLaunch": bool(mark(subnet, PUBLIC)),
        "assignIpv6AddressOnCreation": False,
        "tagSet": tagging.tag_set(ids.SUBNET, subnet),
    }


def _pool_size(subnet: Thing) -> int:
    return sum(
        int(ip_address(pool["end"])) - int(ip_address(pool["start"])) + 1
        for pool in subnet["allocation_pools"]
    )


def create(call: Call) -> Document:
    """``CreateSubnet``: with the main route table of its VPC."""
    parameters, inventory = call.parameters, call.inventory
    vpc = inventory.layout.vpc(parameters.required("VpcId"))
    block = block_asked(parameters.required("CidrBlock"), "InvalidSubnet.Range")
    _check_block(vpc, block)
    for name in ("AvailabilityZone", "AvailabilityZoneId"):
        zone = parameters.text(name)
        if zone and zone not in {each["zoneName"] for each in inventory.zones}:
            raise invalid(name, zone)
    tags = tagging.tags_for_new(parameters, ids.SUBNET)[ids.SUBNET]
    name = tags.pop(tagging.NAME, "")
    rooms, options = call.rooms, options_of(call, vpc)
    rules = beginning_rules(call, vpc)
    with coded(limit="SubnetLimitExceeded", state="InvalidSubnet.Conflict"):
        wanted = {"name": name, **of_network(options)}
        network = rooms.post("network", "networks", body={"network": wanted})["network"]
        with undone(rooms, "network", "networks", network["id"]):
            subnet = {
                "network_id": network["id"],
                "name": name,
                "ip_version": 4,
                "cidr": str(block),
                "packet_rules": rules,
                **of_subnet(options),
            }
            made = rooms.post("network", "subnets", body={"subnet": subnet})["subnet"]
            words = tagging.words_for(tagging.HOLDERS[ids.SUBNET], tags)
            words.append(word(ALONE, "true"))
            add_words(rooms, "subnets", made["id"], words)
            if vpc.router is not None:
                lead(inventory, vpc.router["id"], made["id"])
    align(inventory, vpc.id)
    dhcp_options.enforce(call, vpc.id, made["id"])
    after = enforce(call, subnet=made["id"])
    return {"subnet": _document(after, after.subnets_by_id[made["id"]])}


def _check_block(vpc: Vpc, block: IPv4Network) -> None:
    """Within its VPC's, if that was ordered with one, and beside the others."""
    ordered = mark(vpc.router, CIDR) if vpc.router is not None else ""
    if ordered and not any(block.subnet_of(IPv4Network(each)) for each in vpc.blocks):
        blocks = ", ".join(vpc.blocks)
        text = f"The CIDR '{block}' is invalid: it is not in {blocks}, the VPC's."
        raise Ec2Error("InvalidSubnet.Range", text)
    if any(block.overlaps(IPv4Network(each["cidr"])) for each in vpc.subnets):
        text = f"The CIDR '{block}' conflicts with another subnet"
        raise Ec2Error("InvalidSubnet.Conflict", text)


def asked_subnet(call: Call) -> Thing:
    """The subnet that a request names.  ``Ec2Error``."""
    identifier = call.parameters.required("SubnetId")
    uuid = call.inventory.uuid(ids.SUBNET, identifier)
    if uuid not in call.inventory.subnets_by_id:
        raise ids.not_found(ids.SUBNET, identifier)
    return call.inventory.subnets_by_id[uuid]


def delete(call: Call) -> Document:
    """``DeleteSubnet``: when nothing is in it."""
    inventory, rooms, subnet = call.inventory, call.rooms, asked_subnet(call)
    if _is_used(inventory, subnet):
        identifier = call.parameters.text("SubnetId")
        text = f"The subnet '{identifier}' has dependencies and cannot be deleted."
        raise Ec2Error("DependencyViolation", text)
    table = inventory.layout.table_of(subnet["id"])
    with coded(missing=_MISSING, state="DependencyViolation"):
        if table.router is not None:
            leave(inventory, table.router["id"], subnet["id"])
        try:
            if mark(subnet, ALONE):
                rooms.delete("network", "networks", subnet["network_id"])
            else:
                rooms.delete("network", "subnets", subnet["id"])
        except BaseException:
            if table.router is not None:
                lead(inventory, table.router["id"], subnet["id"])
            raise
    align(inventory, table.vpc)
    return {"return": True}


def _is_used(inventory: Inventory, subnet: Thing) -> bool:
    """Whether anything is in it: a NAT gateway is, by its order."""
    identifier = ids.ec2_id(ids.SUBNET, subnet["id"])
    nats = inventory.layout.nats.values()
    return any(mark(nat.router, NAT_SUBNET) == identifier for nat in nats) or any(
        port["device_owner"] not in _OF_THE_NETWORK
        and any(place["subnet_id"] == subnet["id"] for place in port["fixed_ips"])
        for port in inventory.ports
    )


def modify(call: Call) -> Document:
    """``ModifySubnetAttribute``: whether instances get public addresses."""
    subnet, parameters = asked_subnet(call), call.parameters
    for name in (
        "AssignIpv6AddressOnCreation",
        "EnableDns64",
        "EnableResourceNameDnsARecordOnLaunch",
        "EnableResourceNameDnsAAAARecordOnLaunch",
    ):
        if parameters.structure(name).flag("Value"):
            raise unsupported(name, "It can be false.")
    if parameters.has("MapPublicIpOnLaunch"):
        is_public = parameters.structure("MapPublicIpOnLaunch").flag("Value")
        with coded(missing=_MISSING):
            marks = {PUBLIC: "true" if is_public else ""}
            set_marks(call.inventory, "subnets", subnet, marks)
    return {"return": True}


ACTIONS = {
    "DescribeSubnets": Action(describe, "SubnetId Filter MaxResults NextToken"),
    "CreateSubnet": Action(
        create,
        "VpcId CidrBlock AvailabilityZone AvailabilityZoneId TagSpecification",
        is_alone=True,
    ),
    "DeleteSubnet": Action(delete, "SubnetId", is_alone=True),
    "ModifySubnetAttribute": Action(
        modify,
        "SubnetId MapPublicIpOnLaunch AssignIpv6AddressOnCreation EnableDns64"
        " EnableResourceNameDnsARecordOnLaunch EnableResourceNameDnsAAAARecordOnLaunch",
    ),
}
