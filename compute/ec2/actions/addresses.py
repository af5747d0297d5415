"""Elastic addresses: floating IP addresses of an external network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.external import external_network
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.public_addresses import take_from_port

DOMAIN = "vpc"
_PUBLIC = "floating_ip_address"
_MISSING = "InvalidAllocationID.NotFound"

FILTERS: Mapping[str, Accessor] = {
    "allocation-id": lambda shown: shown["allocationId"],
    "association-id": lambda shown: shown["associationId"],
    "domain": lambda shown: shown["domain"],
    "instance-id": lambda shown: shown["instanceId"],
    "network-interface-id": lambda shown: shown["networkInterfaceId"],
    "private-ip-address": lambda shown: shown["privateIpAddress"],
    "public-ip": lambda shown: shown["publicIp"],
}


def describe(call: Call) -> Document:
    """``DescribeAddresses``."""
    parameters, inventory = call.parameters, call.inventory
    shown = [_document(inventory, address) for address in inventory.addresses]
    for name, key, code in (
        ("AllocationId", "allocationId", _MISSING),
        ("PublicIp", "publicIp", "InvalidAddress.NotFound"),
    ):
        if wanted := parameters.texts(name):
            there = {document[key] for document in shown}
            for each in wanted:
                if each not in there:
                    raise Ec2Error(code, f"The address '{each}' does not exist")
            shown = [document for document in shown if document[key] in wanted]
    return {"addressesSet": chosen(shown, asked_filters(parameters), FILTERS)}


def _document(inventory: Inventory, address: Thing) -> dict[str, Any]:
    port = inventory.ports_by_id.get(address["port_id"])
    server = ""
    if port is not None and port["device_owner"].startswith("compute:"):
        server = inventory.id_of(ids.INSTANCE, port["device_id"])
    uuid = address["id"]
    return {
        "publicIp": address["floating_ip_address"],
        "allocationId": inventory.id_of(ids.ADDRESS, uuid),
        "domain": DOMAIN,
        "instanceId": server or None,
        "associationId": (
            inventory.id_of(ids.ADDRESS_ASSOCIATION, uuid) if port is not None else None
        ),
        "networkInterfaceId": (
            inventory.id_of(ids.INTERFACE, port["id"]) if port is not None else None
        ),
        "networkInterfaceOwnerId": port["project_id"] if port is not None else None,
        "privateIpAddress": address["fixed_ip_address"],
        "tagSet": tagging.tag_set(ids.ADDRESS, address),
    }


def describe_attributes(call: Call) -> Document:
    """``DescribeAddressesAttribute``: no address has a name."""
    attribute = call.parameters.text("Attribute", "domain-name")
    if attribute != "domain-name":
        raise invalid("Attribute", attribute, "It can be domain-name.")
    by_id = {
        inventory_id: {"allocationId": inventory_id, "publicIp": address[_PUBLIC]}
        for address in call.inventory.addresses
        if (inventory_id := call.inventory.id_of(ids.ADDRESS, address["id"]))
    }
    shown = ids.named(by_id, ids.ADDRESS, call.parameters.texts("AllocationId"))
    found, token = page(call.parameters, shown, lambda each: each["allocationId"], 1)
    return {"addressSet": found, "nextToken": token}


def allocate(call: Call) -> Document:
    """``AllocateAddress``: from the cloud's external network."""
    parameters, inventory = call.parameters, call.inventory
    if parameters.text("Domain", DOMAIN) != DOMAIN:
        raise invalid("Domain", parameters.text("Domain"), "It can be vpc.")
    tags = tagging.tags_for_new(parameters, ids.ADDRESS)[ids.ADDRESS]
    wanted = {
        "floating_network_id": external_network(call.inventory),
        "project_id": call.signer.project_id,
    }
    if address := parameters.text("Address"):
        wanted["floating_ip_address"] = address
    body = {"floatingip": wanted}
    with coded(limit="AddressLimitExceeded", state="InsufficientAddressCapacity"):
        made = call.rooms.post("network", "floatingips", body=body)["floatingip"]
    if tags:
        tagging.put(inventory, ids.ADDRESS, made["id"], tags)
    return {
        "publicIp": made["floating_ip_address"],
        "allocationId": inventory.id_of(ids.ADDRESS, made["id"]),
        "domain": DOMAIN,
    }


def release(call: Call) -> Document:
    """``ReleaseAddress``: not while it leads somewhere."""
    address = _address(call)
    if address["port_id"]:
        text = f"Address {address['floating_ip_address']} is in use"
        raise Ec2Error("InvalidIPAddress.InUse", text)
    with coded(missing=_MISSING):
        call.rooms.delete("network", "floatingips", address["id"])
    return {"return": True}


def associate(call: Call) -> Document:
    """``AssociateAddress``: with an interface, or an instance's first."""
    parameters = call.parameters
    address, port = _address(call), _port(call)
    is_elsewhere = address["port_id"] not in (None, port["id"])
    if is_elsewhere and not parameters.flag("AllowReassociation"):
        text = f"resource {address['floating_ip_address']} is already associated"
        raise Ec2Error("Resource.AlreadyAssociated", text)
    wanted = {"port_id": port["id"]}
    if fixed := parameters.text("PrivateIpAddress"):
        wanted["fixed_ip_address"] = fixed
    _refuse_of_gateway(call, address)
    body = {"floatingip": wanted}
    # The address is there; what may be missing is a router that leads to it.
    with coded(missing="Gateway.NotAttached", state="Resource.AlreadyAssociated"):
        take_from_port(call.inventory, port["id"])
        call.rooms.put("network", "floatingips", address["id"], body=body)
    identifier = call.inventory.id_of(ids.ADDRESS_ASSOCIATION, address["id"])
    return {"return": True, "associationId": identifier}


def _port(call: Call) -> Thing:
    parameters, inventory = call.parameters, call.inventory
    if interface := parameters.text("NetworkInterfaceId"):
        uuid = inventory.uuid(ids.INTERFACE, interface)
        found = [port for port in inventory.ports if port["id"] == uuid]
        if not found:
            raise ids.not_found(ids.INTERFACE, interface)
        return found[0]
    if not (instance := parameters.text("InstanceId")):
        raise missing("InstanceId")
    ports = inventory.ports_by_server.get(inventory.uuid(ids.INSTANCE, instance), [])
    if not ports:
        text = f"The instance {instance} has no network interface"
        raise Ec2Error("InvalidInstanceID", text)
    return ports[0]


def disassociate(call: Call) -> Document:
    """``DisassociateAddress``; from one that leads nowhere nothing is taken."""
    address = _address(call)
    if address["port_id"]:
        _refuse_of_gateway(call, address)
        body = {"floatingip": {"port_id": None}}
        with coded(missing=_MISSING):
            call.rooms.put("network", "floatingips", address["id"], body=body)
    return {"return": True}


def _refuse_of_gateway(call: Call, address: Thing) -> None:
    """A NAT gateway keeps its address as long as it is there."""
    routers = {nat.router["id"] for nat in call.inventory.layout.nats.values()}
    if address["router_id"] in routers and (
        address["fixed_ip_address"]
        in {nat.address for nat in call.inventory.layout.nats.values()}
    ):
        text = f"Address {address[_PUBLIC]} is of a NAT gateway: delete that"
        raise Ec2Error("OperationNotPermitted", text)


def _address(call: Call) -> Thing:
    """The address that a request names in one of three ways."""
    parameters, inventory = call.parameters, call.inventory
    for name, kind in (
        ("AllocationId", ids.ADDRESS),
        ("AssociationId", ids.ADDRESS_ASSOCIATION),
    ):
        if identifier := parameters.text(name):
            uuid = inventory.uuid(kind, identifier)
            for address in inventory.addresses:
                if address["id"] == uuid and (
                    kind == ids.ADDRESS or address["port_id"]
                ):
                    return address
            raise ids.not_found(kind, identifier)
    public = parameters.text("PublicIp")
    if not public:
        raise missing("AllocationId")
    for address in inventory.addresses:
        if address["floating_ip_address"] == public:
            return address
    text = f"The address '{public}' does not belong to you"
    raise Ec2Error("InvalidAddress.NotFound", text)


ACTIONS = {
    "DescribeAddresses": Action(describe, "AllocationId PublicIp Filter"),
    "DescribeAddressesAttribute": Action(
        describe_attributes, "AllocationId Attribute MaxResults NextToken"
    ),
    "AllocateAddress": Action(allocate, "Domain Address TagSpecification"),
    "ReleaseAddress": Action(release, "AllocationId PublicIp"),
    "AssociateAddress": Action(
        associate,
        "AllocationId PublicIp InstanceId NetworkInterfaceId PrivateIpAddress"
        " AllowReassociation",
    ),
    "DisassociateAddress": Action(disassociate, "AssociationId PublicIp"),
}
