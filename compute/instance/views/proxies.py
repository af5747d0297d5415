"""What other services say of their things, in the words of the older API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.image.client import BASE_KEYS, RESERVED_PREFIX
from compute.instance.frame.replies import links

Shape = Mapping[str, Callable[[Mapping[str, Any]], Any]]

IMAGE_STATUS = {
    "queued": "SAVING",
    "saving": "SAVING",
    "uploading": "SAVING",
    "importing": "SAVING",
    "active": "ACTIVE",
    "killed": "ERROR",
    "deleted": "DELETED",
    "deactivated": "UNKNOWN",
}
PROGRESS = {"ACTIVE": 100, "SAVING": 50}


def shaped(shape: Shape, found: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the older API."""
    return {key: value(found) for key, value in shape.items()}


def _get(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda found: found.get(name)


NETWORK: Shape = {"id": _get("id"), "label": _get("name")} | {
    name: (lambda found: None)
    for name in (
        "bridge",
        "bridge_interface",
        "broadcast",
        "cidr",
        "cidr_v6",
        "created_at",
        "deleted",
        "deleted_at",
        "dhcp_start",
        "dns1",
        "dns2",
        "gateway",
        "gateway_v6",
        "host",
        "injected",
        "multi_host",
        "netmask",
        "netmask_v6",
        "priority",
        "project_id",
        "rxtx_base",
        "updated_at",
        "vlan",
        "vpn_private_address",
        "vpn_public_address",
        "vpn_public_port",
    )
}
TENANT_NETWORK: Shape = {
    "id": _get("id"),
    "label": _get("name"),
    "cidr": lambda found: str(None),
}
FLOATING: Shape = {
    "id": _get("id"),
    "ip": _get("floating_ip_address"),
    "fixed_ip": _get("fixed_ip_address"),
}


def _attachments(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = [
        {
            "id": each["volume_id"],
            "volumeId": each["volume_id"],
            "serverId": each["server_id"],
            **({"device": each["device"]} if each.get("device") else {}),
        }
        for each in found.get("attachments", ())
    ]
    # One empty entry says that there is none.
    return entries or [{}]


VOLUME: Shape = {
    "id": _get("id"),
    "status": _get("status"),
    "size": _get("size"),
    "availabilityZone": _get("availability_zone"),
    "createdAt": _get("created_at"),
    "attachments": _attachments,
    "displayName": _get("name"),
    "displayDescription": _get("description"),
    "volumeType": _get("volume_type"),
    "snapshotId": _get("snapshot_id"),
    "metadata": _get("metadata"),
}
SNAPSHOT: Shape = {
    "id": _get("id"),
    "volumeId": _get("volume_id"),
    "status": _get("status"),
    "size": _get("size"),
    "createdAt": _get("created_at"),
    "displayName": _get("name"),
    "displayDescription": _get("description"),
}


def image_view(call: ApiCall, image: Mapping[str, Any]) -> dict[str, Any]:
    """An image."""
    status = IMAGE_STATUS.get(image["status"], "UNKNOWN")
    properties = {
        key: value
        for key, value in image.items()
        if key not in BASE_KEYS
        and not key.startswith(RESERVED_PREFIX)
        and (value or value == "")
    }
    found = {
        "id": image["id"],
        "name": image.get("name"),
        "minRam": image.get("min_ram", 0),
        "minDisk": image.get("min_disk", 0),
        "metadata": properties,
        "created": image["created_at"],
        "updated": image["updated_at"],
        "status": status,
        "progress": PROGRESS.get(status, 0),
        "links": links(call, "images", image["id"]),
        "OS-EXT-IMG-SIZE:size": image.get("size"),
    }
    server_id = properties.get("instance_uuid")
    if server_id:
        found["server"] = {
            "id": server_id,
            "links": links(call, "servers", str(server_id)),
        }
    return found
