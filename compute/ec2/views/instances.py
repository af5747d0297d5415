"""Servers as instances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids
from compute.ec2.device_names import shown_device
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.metadata_options import shown_options
from compute.ec2.tagging import CLIENT_TOKEN, tag_set
from compute.ec2.views.interfaces import instance_interface
from compute.ec2.words import RESERVED

RESERVATION = f"{RESERVED}reservation"
# The name of the placement group that it was ordered for.
PLACEMENT_GROUP = f"{RESERVED}placement-group"
# The image that the root volume was made from.
IMAGE = f"{RESERVED}image"
HYPERVISOR = "kvm"
_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
_BY_STATUS = {
    "BUILD": "pending",
    "REBUILD": "pending",
    "DELETED": "terminated",
    "SOFT_DELETED": "terminated",
    "SHUTOFF": "stopped",
    "PAUSED": "stopped",
    "SUSPENDED": "stopped",
    "SHELVED": "stopped",
    "SHELVED_OFFLOADED": "stopped",
}
"""Whatever else (ACTIVE, REBOOT, MIGRATING, RESCUE ...) is running."""
# Of these only the machine itself tells.
_BETWEEN_TYPES = ("RESIZE", "VERIFY_RESIZE")
_POWER_SHUT_DOWN = 4
_BY_TASK = {
    "deleting": "shutting-down",
    "soft-deleting": "shutting-down",
    "powering-off": "stopping",
    "suspending": "stopping",
    "shelving": "stopping",
    "powering-on": "pending",
    "resuming": "pending",
    "unshelving": "pending",
}


def state_name(server: Thing) -> str:
    """In which of EC2's states a server is.

    One that failed before it ever ran is terminated, so that who waits for it hears of
    it; one that failed later is stopped.  Both say why in ``stateReason``.
    """
    if server["status"] == "ERROR":
        return "stopped" if server.get("OS-SRV-USG:launched_at") else "terminated"
    if server["status"] in _BETWEEN_TYPES:
        is_off = server["OS-EXT-STS:power_state"] == _POWER_SHUT_DOWN
        return "stopped" if is_off else "running"
    task = _BY_TASK.get(server.get("OS-EXT-STS:task_state") or "")
    return task or _BY_STATUS.get(server["status"], "running")


def state(name: str) -> Mapping[str, Any]:
    """The element of a state."""
    return {"code": _CODES[name], "name": name}


def reservations(inventory: Inventory, servers: list[Thing]) -> list[dict[str, Any]]:
    """Servers in the reservations in which they were ordered, the oldest first."""
    return reserved(instances(inventory, servers))


def reserved(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents of ``instances`` in their reservations."""
    found: dict[str, dict[str, Any]] = {}
    for document in documents:
        shown = dict(document)
        identifier, owner = shown.pop("reservationId"), shown.pop("ownerId")
        reservation = found.setdefault(
            identifier,
            {
                "reservationId": identifier,
                "ownerId": owner,
                "groupSet": [],
                "instancesSet": [],
            },
        )
        reservation["instancesSet"].append(shown)
    return list(found.values())


def instances(inventory: Inventory, servers: list[Thing]) -> list[dict[str, Any]]:
    """Servers as instances, the oldest first, with their reservation and its owner."""
    numbers: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for server in sorted(inventory.servers, key=_age):
        identifier = reservation_id(server)
        numbers[server["id"]] = counts[identifier]
        counts[identifier] += 1
    return [
        instance(inventory, server)
        | {
            # Whichever of its siblings are shown.
            "amiLaunchIndex": numbers.get(server["id"], 0),
            "reservationId": reservation_id(server),
            "ownerId": server["tenant_id"],
        }
        for server in sorted(servers, key=_age)
    ]


def _age(server: Thing) -> tuple[str, str]:
    return server["created"], server["id"]


def reservation_id(server: Thing) -> str:
    """Of servers that were not ordered here, each is its own."""
    noted: str = server["metadata"].get(RESERVATION, "")
    return noted or ids.ec2_id(ids.RESERVATION, server["id"])


def instance(inventory: Inventory, server: Thing) -> dict[str, Any]:
    """One instance."""
    ports = inventory.ports_by_server.get(server["id"], [])
    interfaces = [
        instance_interface(inventory, port, number) for number, port in enumerate(ports)
    ]
    first = interfaces[0] if interfaces else {}
    name = state_name(server)
    fault = server.get("fault", {}).get("message")
    image = (server.get("image") or {}).get("id", "")
    origin = origin_of(inventory, server)
    root = server.get("OS-EXT-SRV-ATTR:root_device_name") or "/dev/vda"
    return {
        "instanceId": inventory.id_of(ids.INSTANCE, server["id"]),
        "imageId": inventory.id_of(ids.IMAGE, origin) if origin else "",
        "instanceState": state(name),
        "privateDnsName": server["name"],
        "dnsName": "",
        "reason": fault or "",
        "keyName": server.get("key_name"),
        "amiLaunchIndex": 0,
        "productCodes": [],
        "instanceType": server["flavor"]["original_name"],
        "launchTime": moment(server.get("OS-SRV-USG:launched_at") or server["created"]),
        "placement": {
            "availabilityZone": server.get("OS-EXT-AZ:availability_zone") or "",
            "groupName": server["metadata"].get(PLACEMENT_GROUP, ""),
            "tenancy": "default",
        },
        "monitoring": {"state": "disabled"},
        "subnetId": first.get("subnetId"),
        "vpcId": first.get("vpcId"),
        "privateIpAddress": first.get("privateIpAddress"),
        "ipAddress": first.get("association", {}).get("publicIp"),
        "sourceDestCheck": first.get("sourceDestCheck", True),
        "groupSet": _groups(interfaces),
        "stateReason": _reason(name, fault),
        "architecture": "x86_64",
        "rootDeviceType": "instance-store" if image else "ebs",
        "rootDeviceName": root,
        "blockDeviceMapping": _block_devices(inventory, server),
        "virtualizationType": "hvm",
        "clientToken": server["metadata"].get(CLIENT_TOKEN, ""),
        "tagSet": tag_set(ids.INSTANCE, server),
        "hypervisor": HYPERVISOR,
        "networkInterfaceSet": interfaces,
        "ebsOptimized": False,
        "cpuOptions": {"coreCount": server["flavor"]["vcpus"], "threadsPerCore": 1},
        "metadataOptions": {
            "state": "applied",
            **shown_options(server["metadata"]),
        },
        "enclaveOptions": {"enabled": False},
        "hibernationOptions": {"configured": False},
        "capacityReservationSpecification": {"capacityReservationPreference": "open"},
        "maintenanceOptions": {"autoRecovery": "default"},
    }


def origin_of(inventory: Inventory, server: Thing) -> str:
    """The uuid of the image that a server was made from; may be empty."""
    image = (server.get("image") or {}).get("id", "")
    noted = server["metadata"].get(IMAGE)
    return str(image or noted or _of_volume(inventory, server))


def _of_volume(inventory: Inventory, server: Thing) -> str:
    """The image that a server's bootable volume was made from, if from one at all."""
    for volume, _ in inventory.volumes_by_server.get(server["id"], []):
        if volume["bootable"] == "true":
            origin = volume.get("volume_image_metadata") or {}
            return str(origin.get("image_id", ""))
    return ""


def _reason(name: str, fault: str | None) -> Mapping[str, str] | None:
    if fault:
        return {"code": "Server.InternalError", "message": fault}
    if name == "terminated":
        text = "Client.UserInitiatedShutdown"
        return {"code": text, "message": f"{text}: User initiated shutdown"}
    return None


def _groups(interfaces: list[dict[str, Any]]) -> list[dict[str, str]]:
    found = {
        group["groupId"]: group for each in interfaces for group in each["groupSet"]
    }
    return list(found.values())


def _block_devices(inventory: Inventory, server: Thing) -> list[dict[str, Any]]:
    attached = server.get("os-extended-volumes:volumes_attached", [])
    if not attached:
        return []
    ends = {each["id"]: each.get("delete_on_termination", False) for each in attached}
    return [
        {
            "deviceName": shown_device(volume, attachment),
            "ebs": {
                "volumeId": inventory.id_of(ids.VOLUME, volume["id"]),
                "status": "attached",
                "attachTime": moment(attachment.get("attached_at")),
                "deleteOnTermination": ends.get(volume["id"], False),
            },
        }
        for volume, attachment in inventory.volumes_by_server.get(server["id"], [])
    ]
