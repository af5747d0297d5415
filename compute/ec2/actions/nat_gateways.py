"""NAT gateways: routers that lead out, and lend all who are sent there one address.

One meets the routers of its VPC on their transit; a route table leads to it by a route
of its router.  The address is an elastic one, associated with its interface there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.subnets import asked_subnet
from compute.ec2.actions.vpcs import own_vpc
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.hops import hops_of
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.joining import align, change_routes, join, part
from compute.ec2.marking import add_words, undone
from compute.ec2.vpcs import NAT_OF, NAT_SUBNET, Nat, Vpc
from compute.ec2.words import mark, word

_PUBLIC = "public"
_NOT_FOUND = "NatGatewayNotFound"

FILTERS: Mapping[str, Accessor] = {
    "nat-gateway-id": lambda shown: shown["natGatewayId"],
    "state": lambda shown: shown["state"],
    "subnet-id": lambda shown: shown["subnetId"],
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeNatGateways``; one that is deleted is gone."""
    wanted = call.parameters.texts("NatGatewayId")
    nats = [_named(call, each) for each in dict.fromkeys(wanted)]
    if not wanted:
        nats = list(call.inventory.layout.nats.values())
    shown = [_document(call.inventory, nat) for nat in nats]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["natGatewayId"]))
    return {"natGatewaySet": found, "nextToken": token}


def _named(call: Call, identifier: str) -> Nat:
    nat = call.inventory.layout.nats.get(identifier)
    if nat is None:
        ids.check_form(ids.NAT_GATEWAY, identifier)
        raise Ec2Error(_NOT_FOUND, f"NAT gateway {identifier} was not found")
    return nat


def _document(inventory: Inventory, nat: Nat) -> dict[str, Any]:
    address = _address_of(inventory, nat)
    return {
        "natGatewayId": nat.id,
        "vpcId": nat.vpc,
        "subnetId": mark(nat.router, NAT_SUBNET),
        # Its host follows within a second or so, as it does with any router.
        "state": "available" if address is not None else "failed",
        "createTime": moment(nat.router["created_at"]),
        "connectivityType": _PUBLIC,
        "natGatewayAddressSet": [_address(inventory, nat, address)],
        "tagSet": tagging.tag_set(ids.NAT_GATEWAY, nat.router),
    }


def _address_of(inventory: Inventory, nat: Nat) -> Thing | None:
    for address in inventory.addresses:
        if address["router_id"] == nat.router["id"]:
            return address
    return None


def _address(inventory: Inventory, nat: Nat, address: Thing | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"privateIp": nat.address or None, "isPrimary": True}
    if address is None:
        text = "Its elastic address was taken from it"
        return {**shown, "status": "failed", "failureMessage": text}
    return {
        **shown,
        "allocationId": inventory.id_of(ids.ADDRESS, address["id"]),
        "associationId": inventory.id_of(ids.ADDRESS_ASSOCIATION, address["id"]),
        "networkInterfaceId": inventory.id_of(ids.INTERFACE, address["port_id"]),
        "publicIp": address["floating_ip_address"],
        "status": "succeeded",
    }


# ---- made ----------------------------------------------------------------------------


def create(call: Call) -> Document:
    """``CreateNatGateway``: for a VPC with an internet gateway, with an elastic address
    that is nobody else's."""
    parameters, inventory = call.parameters, call.inventory
    if parameters.text("ConnectivityType", _PUBLIC) != _PUBLIC:
        raise unsupported("ConnectivityType", f"It can be {_PUBLIC}.")
    token = tagging.client_token(parameters)
    if before := tagging.made_with(inventory.routers, token):
        return _made(inventory, before["id"], token)
    subnet = asked_subnet(call)
    vpc = own_vpc(call, inventory.layout.vpc_of(subnet["id"]))
    if inventory.layout.gateway_of(vpc.id) is None:
        text = f"Network {vpc.id} has no Internet gateway attached"
        raise Ec2Error("Gateway.NotAttached", text)
    address = _free_address(call)
    tags = tagging.tags_for_new(parameters, ids.NAT_GATEWAY)[ids.NAT_GATEWAY]
    words = [
        *tagging.token_words(token),
        word(NAT_OF, vpc.id),
        word(NAT_SUBNET, ids.ec2_id(ids.SUBNET, subnet["id"])),
    ]
    wanted = {
        "name": tags.pop(tagging.NAME, ""),
        "external_gateway_info": {"network_id": address["floating_network_id"]},
    }
    words += tagging.words_for(tagging.HOLDERS[ids.NAT_GATEWAY], tags)
    rooms = call.rooms
    with coded(limit="NatGatewayLimitExceeded", state="Resource.AlreadyAssociated"):
        made = rooms.post("network", "routers", body={"router": wanted})["router"]
        with undone(rooms, "network", "routers", made["id"]):
            add_words(rooms, "routers", made["id"], words)
            _lend(call, vpc, made["id"], address)
    return _made(inventory.look_again(), made["id"], token)


def _free_address(call: Call) -> Thing:
    identifier = call.parameters.text("AllocationId")
    if not identifier:
        raise missing("AllocationId")
    uuid = call.inventory.uuid(ids.ADDRESS, identifier)
    for address in call.inventory.addresses:
        if address["id"] == uuid:
            if address["port_id"]:
                text = f"Elastic IP address [{identifier}] is already associated"
                raise Ec2Error("Resource.AlreadyAssociated", text)
            return address
    raise ids.not_found(ids.ADDRESS, identifier)


def _lend(call: Call, vpc: Vpc, router_id: str, address: Thing) -> None:
    """Have a router meet those of the VPC, and lend the address to them."""
    inventory, rooms = call.inventory, call.rooms
    join(inventory, vpc, router_id)
    inventory = inventory.look_again()
    identifier = ids.ec2_id(ids.NAT_GATEWAY, router_id)
    nat = inventory.layout.nats[identifier]
    try:
        port = _port_of(inventory, nat)
        body = {"floatingip": {"port_id": port}}
        rooms.put("network", "floatingips", address["id"], body=body)
        align(inventory, vpc.id)
    except BaseException:
        _take_apart(inventory, nat)
        raise


def _port_of(inventory: Inventory, nat: Nat) -> str:
    for port in inventory.ports:
        if port["device_id"] == nat.router["id"] and any(
            place["ip_address"] == nat.address for place in port["fixed_ips"]
        ):
            return str(port["id"])
    raise Ec2Error(_NOT_FOUND, f"NAT gateway {nat.id} was taken away meanwhile")


def _made(inventory: Inventory, router_id: str, token: str) -> Document:
    nat = inventory.layout.nats.get(ids.ec2_id(ids.NAT_GATEWAY, router_id))
    if nat is None:
        text = "The client token was used for something else"
        raise Ec2Error("IdempotentParameterMismatch", text)
    shown = _document(inventory, nat)
    return {"natGateway": shown, "clientToken": token or None}


# ---- taken away ----------------------------------------------------------------------


def delete(call: Call) -> Document:
    """``DeleteNatGateway``: with the routes that lead to it; its address stays the
    project's."""
    nat = _named(call, call.parameters.required("NatGatewayId"))
    with coded(missing=_NOT_FOUND, state="DependencyViolation"):
        _take_apart(call.inventory, nat)
        call.rooms.delete("network", "routers", nat.router["id"])
    return {"natGatewayId": nat.id}


def _take_apart(inventory: Inventory, nat: Nat) -> None:
    if (address := _address_of(inventory, nat)) is not None:
        body = {"floatingip": {"port_id": None}}
        inventory.rooms.put("network", "floatingips", address["id"], body=body)
    vpc = inventory.layout.vpcs.get(nat.vpc)
    for table in vpc.tables if vpc is not None and nat.address else ():
        if table.router is None:
            continue
        led = {hop for hop in hops_of(table.router) if hop[1] == nat.address}
        if led:
            change_routes(inventory, table.router["id"], "remove_extraroutes", led)
    transit = vpc.transit if vpc is not None and nat.address else None
    part(inventory, nat.router, transit)


ACTIONS = {
    "DescribeNatGateways": Action(describe, "NatGatewayId Filter MaxResults NextToken"),
    "CreateNatGateway": Action(
        create,
        "SubnetId AllocationId ConnectivityType TagSpecification ClientToken",
        is_alone=True,
    ),
    "DeleteNatGateway": Action(delete, "NatGatewayId", is_alone=True),
}
