"""Network interfaces: ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.default_groups import default_group_of_subnet
from compute.ec2.forwarding import check_source
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.interface_addresses import asked_places
from compute.ec2.inventory import Thing
from compute.ec2.marking import add_words, set_marks, undone, where_possible
from compute.ec2.views.interfaces import DETACHED, interface

MISSING = "InvalidNetworkInterfaceID.NotFound"


def _inside(name: str, key: str) -> Accessor:
    return lambda shown: (shown.get(name) or {}).get(key)


FILTERS: Mapping[str, Accessor] = {
    "addresses.private-ip-address": lambda shown: [
        each["privateIpAddress"] for each in shown["privateIpAddressesSet"]
    ],
    "association.allocation-id": _inside("association", "allocationId"),
    "association.association-id": _inside("association", "associationId"),
    "association.public-ip": _inside("association", "publicIp"),
    "attachment.attachment-id": _inside("attachment", "attachmentId"),
    "attachment.device-index": _inside("attachment", "deviceIndex"),
    "attachment.instance-id": _inside("attachment", "instanceId"),
    "attachment.status": _inside("attachment", "status"),
    "availability-zone": lambda shown: shown["availabilityZone"],
    "description": lambda shown: shown["description"],
    "group-id": lambda shown: [each["groupId"] for each in shown["groupSet"]],
    "group-name": lambda shown: [each["groupName"] for each in shown["groupSet"]],
    "mac-address": lambda shown: shown["macAddress"],
    "network-interface-id": lambda shown: shown["networkInterfaceId"],
    "owner-id": lambda shown: shown["ownerId"],
    "private-ip-address": lambda shown: shown["privateIpAddress"],
    "requester-managed": lambda shown: shown["requesterManaged"],
    "status": lambda shown: shown["status"],
    "subnet-id": lambda shown: shown["subnetId"],
    "vpc-id": lambda shown: shown["vpcId"],
}


def describe(call: Call) -> Document:
    """``DescribeNetworkInterfaces``."""
    parameters, inventory = call.parameters, call.inventory
    shown = [interface(inventory, port) for port in inventory.ports]
    by_id = {each["networkInterfaceId"]: each for each in shown}
    shown = ids.named(by_id, ids.INTERFACE, parameters.texts("NetworkInterfaceId"))
    found = chosen(shown, asked_filters(parameters), FILTERS)
    found, token = page(parameters, found, lambda each: str(each["networkInterfaceId"]))
    return {"networkInterfaceSet": found, "nextToken": token}


def create(call: Call) -> Document:
    """``CreateNetworkInterface``: in a subnet, with an address of one's choice."""
    parameters, inventory = call.parameters, call.inventory
    identifier = parameters.required("SubnetId")
    subnet = inventory.subnets_by_id.get(inventory.uuid(ids.SUBNET, identifier))
    if subnet is None:
        raise ids.not_found(ids.SUBNET, identifier)
    token = tagging.client_token(parameters)
    if before := tagging.made_with(inventory.ports, token):
        return {"networkInterface": interface(inventory, before)}
    tags = tagging.tags_for_new(parameters, ids.INTERFACE)[ids.INTERFACE]
    port: dict[str, Any] = {
        "network_id": subnet["network_id"],
        "fixed_ips": asked_places(parameters, subnet["id"]),
        "name": tags.pop(tagging.NAME, ""),
        "description": parameters.text("Description"),
        "project_id": call.signer.project_id,
    }
    asked = parameters.texts("SecurityGroupId")
    groups = [inventory.uuid(ids.GROUP, each) for each in asked]
    if groups := groups or default_group_of_subnet(inventory, subnet["id"]):
        port["security_groups"] = groups
    with coded(
        missing="InvalidGroup.NotFound",
        limit="NetworkInterfaceLimitExceeded",
        state="InvalidIPAddress.InUse",
    ):
        made = call.rooms.post("network", "ports", body={"port": port})["port"]
    with undone(call.rooms, "network", "ports", made["id"]):
        words = tagging.words_for(tagging.HOLDERS[ids.INTERFACE], tags)
        words += tagging.token_words(token)
        add_words(call.rooms, "ports", made["id"], words)
    made["tags"] = words
    return {"networkInterface": interface(inventory, made)}


def delete(call: Call) -> Document:
    """``DeleteNetworkInterface``: not while an instance has it."""
    port = asked_port(call)
    if port["device_id"]:
        identifier = call.parameters.text("NetworkInterfaceId")
        text = f"Network interface '{identifier}' is currently in use."
        raise Ec2Error("InvalidNetworkInterface.InUse", text)
    with coded(missing=MISSING, state="InvalidNetworkInterface.InUse"):
        call.rooms.delete("network", "ports", port["id"])
    return {"return": True}


def asked_port(call: Call) -> Thing:
    """The port of the interface that a request names.  ``Ec2Error``."""
    identifier = call.parameters.required("NetworkInterfaceId")
    uuid = call.inventory.uuid(ids.INTERFACE, identifier)
    if uuid in call.inventory.ports_by_id:
        return call.inventory.ports_by_id[uuid]
    raise ids.not_found(ids.INTERFACE, identifier)


def attach(call: Call) -> Document:
    """``AttachNetworkInterface``: to an instance, also while it runs."""
    port = asked_port(call)
    server = call.inventory.uuid(ids.INSTANCE, call.parameters.required("InstanceId"))
    body = {"interfaceAttachment": {"port_id": port["id"]}}
    with coded(
        missing="InvalidInstanceID.NotFound", state="InvalidNetworkInterface.InUse"
    ):
        call.rooms.post("compute", "servers", server, "os-interface", body=body)
    return {"attachmentId": call.inventory.id_of(ids.INTERFACE_ATTACHMENT, port["id"])}


def detach(call: Call) -> Document:
    """``DetachNetworkInterface``."""
    identifier = call.parameters.required("AttachmentId")
    uuid = call.inventory.uuid(ids.INTERFACE_ATTACHMENT, identifier)
    for port in call.inventory.ports:
        if port["id"] == uuid and port["device_owner"].startswith("compute:"):
            path = ("servers", port["device_id"], "os-interface", uuid)
            with coded(missing="InvalidAttachmentID.NotFound", state="IncorrectState"):
                call.rooms.delete("compute", *path)
            with where_possible():
                now = {DETACHED: str(call.inventory.now())}
                set_marks(call.inventory, "ports", port, now)
            return {"return": True}
    raise ids.not_found(ids.INTERFACE_ATTACHMENT, identifier)


def modify_attribute(call: Call) -> Document:
    """``ModifyNetworkInterfaceAttribute``: its description, its groups, or whether it
    forwards what is not its own."""
    parameters, inventory = call.parameters, call.inventory
    port = asked_port(call)
    change: dict[str, Any] = {}
    if parameters.has("Description"):
        change["description"] = parameters.structure("Description").text("Value")
    if groups := parameters.texts("SecurityGroupId"):
        change["security_groups"] = [inventory.uuid(ids.GROUP, each) for each in groups]
    if change:
        with coded(missing="InvalidGroup.NotFound"):
            call.rooms.put("network", "ports", port["id"], body={"port": change})
    if parameters.has("SourceDestCheck"):
        is_checked = parameters.structure("SourceDestCheck").flag("Value")
        check_source(call.rooms, port, is_checked)
    return {"return": True}


ACTIONS = {
    "DescribeNetworkInterfaces": Action(
        describe, "NetworkInterfaceId Filter MaxResults NextToken"
    ),
    "CreateNetworkInterface": Action(
        create,
        "SubnetId PrivateIpAddress Description SecurityGroupId TagSpecification"
        " ClientToken PrivateIpAddresses SecondaryPrivateIpAddressCount",
    ),
    "DeleteNetworkInterface": Action(delete, "NetworkInterfaceId"),
    "AttachNetworkInterface": Action(
        attach, "NetworkInterfaceId InstanceId DeviceIndex"
    ),
    "DetachNetworkInterface": Action(detach, "AttachmentId Force"),
    "ModifyNetworkInterfaceAttribute": Action(
        modify_attribute,
        "NetworkInterfaceId Description SecurityGroupId SourceDestCheck",
    ),
}
