"""Images as documents have them."""

from __future__ import annotations

import re
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.frame.xml import moment
from compute.ec2.image_devices import devices_of, is_root
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.volume_types import FAST_TYPE
from compute.ec2.words import RESERVED, mark

# Of an image: from when on it is not to be used for anything new.
DEPRECATION = f"{RESERVED}deprecation"
# Of an image: the stores into which it could not be brought.
_FAILED_IMPORT = "os_glance_failed_import"
# What whoever runs a cloud gives to everybody is asked for under this name.
_HOUSE = "amazon"
_SIZE = re.compile("[0-9]{1,9}")
_GIB = 1 << 30
_STATES = {
    "active": "available",
    "queued": "pending",
    "saving": "pending",
    "importing": "pending",
    "uploading": "pending",
    "deactivated": "disabled",
    "killed": "failed",
}


def _state(image: Thing) -> str:
    """One whose bytes could not be brought waits for nothing any more."""
    if image["status"] == "queued" and image.get(_FAILED_IMPORT):
        return "failed"
    return _STATES.get(image["status"], "invalid")


def image_document(inventory: Inventory, image: Thing) -> dict[str, Any]:
    """An image."""
    root = image.get("root_device_name", "/dev/vda")
    return {
        "imageId": inventory.id_of(ids.IMAGE, image["id"]),
        "imageLocation": f"{image['owner']}/{image['name'] or ''}",
        "imageState": _state(image),
        "imageOwnerId": image["owner"],
        "imageOwnerAlias": _HOUSE if image["visibility"] == "public" else None,
        "creationDate": moment(image["created_at"]),
        "isPublic": image["visibility"] in ("public", "community"),
        "productCodes": [],
        "architecture": image.get("hw_architecture")
        or image.get("architecture", "x86_64"),
        "imageType": "machine",
        "name": image["name"] or "",
        "description": image.get("description", ""),
        # Its root can be a volume, if the order says so.
        "rootDeviceType": "ebs",
        "rootDeviceName": root,
        "blockDeviceMapping": _mappings(image, root),
        "virtualizationType": "hvm",
        "tagSet": tagging.tag_set(ids.IMAGE, image),
        "hypervisor": "kvm",
        "deprecationTime": mark(image, DEPRECATION) or None,
        "deregistrationProtection": "enabled" if image["protected"] else "disabled",
    }


def root_gib(image: Thing) -> int:
    """As large its root is as a volume, if nothing is said of it."""
    size = image.get("virtual_size") or image.get("size") or 0
    return max(1, int(image.get("min_disk") or 0), -(-int(size) // _GIB))


def _mappings(image: Thing, root: str) -> list[dict[str, Any]]:
    if not (devices := devices_of(image)):
        return [{"deviceName": root, "ebs": _disk({"volume_size": root_gib(image)})}]
    found = []
    for device in devices:
        name = root if is_root(device) else device.get("device_name")
        ebs = _disk(device)
        if snapshot := device.get("snapshot_id"):
            # Nobody has seen it yet: the image's owner may have written anything.
            ebs["snapshotId"] = ids.ec2_id(ids.SNAPSHOT, str(snapshot))
        found.append({"deviceName": name, "ebs": ebs})
    return found


def _disk(device: Thing) -> dict[str, Any]:
    # Clients read it as a number, and fail over anything else.
    size = _SIZE.fullmatch(str(device.get("volume_size")))
    return {
        "volumeSize": size and size[0],
        "volumeType": device.get("volume_type") or FAST_TYPE,
        "deleteOnTermination": bool(device.get("delete_on_termination", True)),
        "encrypted": False,
    }
