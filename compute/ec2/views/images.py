"""Images as documents have them."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.words import RESERVED, mark

# Of an image: from when on it is not to be used for anything new.
DEPRECATION = f"{RESERVED}deprecation"
# Of an image: the stores into which it could not be brought.
_FAILED_IMPORT = "os_glance_failed_import"
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
    volumes = image.get("block_device_mapping")
    return {
        "imageId": inventory.id_of(ids.IMAGE, image["id"]),
        "imageLocation": f"{image['owner']}/{image['name'] or ''}",
        "imageState": _state(image),
        "imageOwnerId": image["owner"],
        "creationDate": moment(image["created_at"]),
        "isPublic": image["visibility"] in ("public", "community"),
        "productCodes": [],
        "architecture": image.get("hw_architecture")
        or image.get("architecture", "x86_64"),
        "imageType": "machine",
        "name": image["name"] or "",
        "description": image.get("description", ""),
        "rootDeviceType": "ebs" if volumes else "instance-store",
        "rootDeviceName": image.get("root_device_name", "/dev/vda"),
        "blockDeviceMapping": [],
        "virtualizationType": "hvm",
        "tagSet": tagging.tag_set(ids.IMAGE, image),
        "hypervisor": "kvm",
        "deprecationTime": mark(image, DEPRECATION) or None,
        "deregistrationProtection": "enabled" if image["protected"] else "disabled",
    }
