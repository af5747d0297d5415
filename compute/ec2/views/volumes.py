"""Volumes as documents have them."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.device_names import shown_device
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.volume_types import shown_speed, shown_type

_STATES = {
    "creating": "creating",
    "downloading": "creating",
    "available": "available",
    "backing-up": "available",
    # In use from when it is attached, so that who waits for it finds it attached.
    "reserved": "available",
    "attaching": "available",
    "in-use": "in-use",
    "detaching": "in-use",
    "deleting": "deleting",
}


def volume_document(inventory: Inventory, volume: Thing) -> dict[str, Any]:
    """A volume."""
    snapshot = volume.get("snapshot_id")
    return {
        "volumeId": inventory.id_of(ids.VOLUME, volume["id"]),
        "size": volume["size"],
        "snapshotId": inventory.id_of(ids.SNAPSHOT, snapshot) if snapshot else "",
        "availabilityZone": volume["availability_zone"],
        "status": _STATES.get(volume["status"], "error"),
        "createTime": moment(volume["created_at"]),
        "attachmentSet": [
            _attachment(inventory, volume, each) for each in volume["attachments"]
        ],
        "tagSet": tagging.tag_set(ids.VOLUME, volume),
        "volumeType": shown_type(volume),
        **shown_speed(volume),
        "encrypted": volume["encrypted"],
        "multiAttachEnabled": volume["multiattach"],
    }


def _attachment(
    inventory: Inventory, volume: Thing, attachment: Thing
) -> dict[str, Any]:
    server = inventory.servers_by_id.get(attachment["server_id"], {})
    kept = server.get("os-extended-volumes:volumes_attached", [])
    ends = {each["id"]: each.get("delete_on_termination", False) for each in kept}
    return {
        "volumeId": inventory.id_of(ids.VOLUME, volume["id"]),
        "instanceId": inventory.id_of(ids.INSTANCE, attachment["server_id"]),
        "device": shown_device(volume, attachment),
        "status": "detaching" if volume["status"] == "detaching" else "attached",
        "attachTime": moment(attachment.get("attached_at")),
        "deleteOnTermination": ends.get(volume["id"], False),
    }
