"""Ports as network interfaces."""

from __future__ import annotations

import re
from typing import Any

from compute.core.rooms import brought_ports
from compute.ec2 import ids
from compute.ec2.forwarding import is_checked
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing, is_launched
from compute.ec2.tagging import tag_set
from compute.ec2.words import RESERVED, mark

# As AWS says it.
_OWNER_OF_LAUNCHED = "amazon"
# Of a port: when it was detached; so long it is told.
DETACHED = f"{RESERVED}detached"
DETACHED_SECONDS = 30
_PART_OF_AN_INSTANCE = ("publicIp", "publicDnsName", "ipOwnerId")


def instance_interface(
    inventory: Inventory, port: Thing, number: int
) -> dict[str, Any]:
    """A port as part of its instance, whose ``number``-th it is."""
    association = _association(inventory, port)
    if association is not None:
        # There it is told without its ids.
        association = {name: association[name] for name in _PART_OF_AN_INSTANCE}
    shown = _common(inventory, port, association)
    shown["attachment"] = _attachment(inventory, port, number)
    return shown


def interface(inventory: Inventory, port: Thing) -> dict[str, Any]:
    """A port by itself."""
    shown = _common(inventory, port, _association(inventory, port))
    shown["requesterManaged"] = not _is_users(port)
    shown["tagSet"] = tag_set(ids.INTERFACE, port)
    shown["availabilityZone"] = ""
    if port["device_owner"].startswith("compute:"):
        zone = port["device_owner"].removeprefix("compute:")
        shown["availabilityZone"] = "" if zone == "None" else zone
        siblings = inventory.ports_by_server.get(port["device_id"], [])
        number = [each["id"] for each in siblings].index(port["id"])
        shown["attachment"] = _attachment(inventory, port, number)
        shown["attachment"]["instanceId"] = inventory.id_of(
            ids.INSTANCE, port["device_id"]
        )
        shown["attachment"]["instanceOwnerId"] = port["project_id"]
    elif _was_just_detached(inventory, port):
        identifier = inventory.id_of(ids.INTERFACE_ATTACHMENT, port["id"])
        shown["attachment"] = {"attachmentId": identifier, "status": "detached"}
    return shown


def _was_just_detached(inventory: Inventory, port: Thing) -> bool:
    """Terraform waits to read so, or until it has not found it for minutes."""
    moment_of_it = mark(port, DETACHED)
    if port["device_id"] or not re.fullmatch(r"[0-9]{1,12}", moment_of_it):
        return False
    return 0 <= inventory.now() - int(moment_of_it) < DETACHED_SECONDS


def _is_users(port: Thing) -> bool:
    return not port["device_owner"].startswith("network:")


def _common(
    inventory: Inventory, port: Thing, association: dict[str, Any] | None
) -> dict[str, Any]:
    places = [
        place
        for place in port["fixed_ips"]
        if place["subnet_id"] in inventory.subnets_by_id
    ]
    subnet = places[0]["subnet_id"] if places else None
    shown: dict[str, Any] = {
        "networkInterfaceId": inventory.id_of(ids.INTERFACE, port["id"]),
        "subnetId": inventory.id_of(ids.SUBNET, subnet) if subnet else None,
        "vpcId": inventory.layout.vpc_of(subnet) if subnet else None,
        "description": port.get("description", ""),
        "ownerId": port["project_id"],
        "status": "in-use" if port["device_id"] else "available",
        "macAddress": port["mac_address"],
        "privateIpAddress": places[0]["ip_address"] if places else None,
        "sourceDestCheck": is_checked(port),
        "groupSet": [
            {
                "groupId": inventory.id_of(ids.GROUP, group),
                "groupName": inventory.groups_by_id.get(group, {}).get("name", ""),
            }
            for group in port["security_groups"]
        ],
        "privateIpAddressesSet": [
            {
                "privateIpAddress": place["ip_address"],
                "primary": number == 0,
                "association": association if number == 0 else None,
            }
            for number, place in enumerate(places)
        ],
        "interfaceType": "interface",
    }
    if association:
        shown["association"] = association
    return shown


def _association(inventory: Inventory, port: Thing) -> dict[str, Any] | None:
    address = inventory.address_by_port.get(port["id"])
    if address is None:
        return None
    shown = {
        "publicIp": address["floating_ip_address"],
        "publicDnsName": "",
        "ipOwnerId": address["project_id"],
    }
    if is_launched(address):
        # It is the instance's, and nobody's to allocate or release.
        return {**shown, "ipOwnerId": _OWNER_OF_LAUNCHED}
    return {
        **shown,
        "allocationId": inventory.id_of(ids.ADDRESS, address["id"]),
        "associationId": inventory.id_of(ids.ADDRESS_ASSOCIATION, address["id"]),
    }


def _attachment(inventory: Inventory, port: Thing, number: int) -> dict[str, Any]:
    # Whether its link is up is another matter: a guest may take it down.
    server = inventory.servers_by_id.get(port["device_id"], {})
    is_there = inventory.has_interface(port["device_id"], port["mac_address"])
    return {
        "attachmentId": inventory.id_of(ids.INTERFACE_ATTACHMENT, port["id"]),
        "deviceIndex": number,
        "status": "attached" if is_there else "attaching",
        "attachTime": moment(port.get("created_at")),
        "deleteOnTermination": port["id"] not in server.get(brought_ports.KEY, ()),
    }
