"""Volumes: shown, made, attached, grown, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.volume_types import volume_type

MISSING = "InvalidVolume.NotFound"
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
_TAKEN = ("reserved", "attaching", "in-use", "detaching")


def _attached(name: str) -> Accessor:
    return lambda shown: [each[name] for each in shown["attachmentSet"]]


FILTERS: Mapping[str, Accessor] = {
    "attachment.delete-on-termination": _attached("deleteOnTermination"),
    "attachment.device": _attached("device"),
    "attachment.instance-id": _attached("instanceId"),
    "attachment.status": _attached("status"),
    "availability-zone": lambda shown: shown["availabilityZone"],
    "create-time": lambda shown: shown["createTime"],
    "encrypted": lambda shown: shown["encrypted"],
    "size": lambda shown: shown["size"],
    "snapshot-id": lambda shown: shown["snapshotId"],
    "status": lambda shown: shown["status"],
    "volume-id": lambda shown: shown["volumeId"],
    "volume-type": lambda shown: shown["volumeType"],
}


def describe(call: Call) -> Document:
    """``DescribeVolumes``."""
    shown = [_document(call.inventory, each) for each in _asked(call)]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["volumeId"]))
    return {"volumeSet": found, "nextToken": token}


def _asked(call: Call) -> list[Thing]:
    inventory = call.inventory
    volumes = {
        inventory.id_of(ids.VOLUME, volume["id"]): volume
        for volume in inventory.volumes
    }
    return ids.named(volumes, ids.VOLUME, call.parameters.texts("VolumeId"))


def _document(inventory: Inventory, volume: Thing) -> dict[str, Any]:
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
        "volumeType": volume["volume_type"] or "standard",
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
        "device": attachment["device"],
        "status": "detaching" if volume["status"] == "detaching" else "attached",
        "attachTime": moment(attachment.get("attached_at")),
        "deleteOnTermination": ends.get(volume["id"], False),
    }


def create(call: Call) -> Document:
    """``CreateVolume``: empty, or from a snapshot."""
    parameters, inventory = call.parameters, call.inventory
    if parameters.flag("Encrypted"):
        raise unsupported("Encrypted", "Volumes are not encrypted.")
    if parameters.flag("MultiAttachEnabled"):
        raise unsupported("MultiAttachEnabled")
    size, snapshot = parameters.integer("Size"), parameters.text("SnapshotId")
    if size is None and not snapshot:
        raise missing("Size")
    metadata = tagging.tags_for_new(parameters, ids.VOLUME)[ids.VOLUME]
    name = metadata.pop(tagging.NAME, "")
    if client_token := parameters.text("ClientToken"):
        for volume in inventory.volumes:
            if volume["metadata"].get(tagging.CLIENT_TOKEN) == client_token:
                return _document(inventory, volume)
        metadata[tagging.CLIENT_TOKEN] = client_token
    order: dict[str, Any] = {"name": name, "metadata": metadata}
    if size is not None:
        order["size"] = size
    if snapshot:
        order["snapshot_id"] = inventory.uuid(ids.SNAPSHOT, snapshot)
    if zone := parameters.text("AvailabilityZone"):
        order["availability_zone"] = zone
    if kind := volume_type(call.rooms, parameters.text("VolumeType")):
        order["volume_type"] = kind
    with coded(missing="InvalidSnapshot.NotFound", limit="VolumeLimitExceeded"):
        made = call.rooms.post("volume", "volumes", body={"volume": order})["volume"]
        # What has just been made tells less of itself than what is shown.
        whole = call.rooms.get("volume", "volumes", made["id"])["volume"]
    shown = _document(inventory, whole)
    shown.pop("attachmentSet")
    return shown


def delete(call: Call) -> Document:
    """``DeleteVolume``: not while it is attached."""
    identifier = call.parameters.required("VolumeId")
    uuid = call.inventory.uuid(ids.VOLUME, identifier)
    with coded(missing=MISSING):
        volume = call.rooms.get("volume", "volumes", uuid)["volume"]
        if volume["status"] in _TAKEN:
            text = f"Volume {identifier} is currently attached"
            raise Ec2Error("VolumeInUse", text)
        call.rooms.delete("volume", "volumes", uuid)
    return {"return": True}


def attach(call: Call) -> Document:
    """``AttachVolume``."""
    parameters, inventory = call.parameters, call.inventory
    volume = inventory.uuid(ids.VOLUME, parameters.required("VolumeId"))
    server = inventory.uuid(ids.INSTANCE, parameters.required("InstanceId"))
    wanted = {"volumeId": volume, "device": parameters.required("Device")}
    body = {"volumeAttachment": wanted}
    with coded(missing=MISSING, state="IncorrectState"):
        state = call.rooms.get("volume", "volumes", volume)["volume"]
        if state["status"] in _TAKEN:
            text = f"{parameters.text('VolumeId')} is already attached to an instance"
            raise Ec2Error("VolumeInUse", text)
        path = ("servers", server, "os-volume_attachments")
        made = call.rooms.post("compute", *path, body=body)["volumeAttachment"]
    return {
        "volumeId": parameters.text("VolumeId"),
        "instanceId": parameters.text("InstanceId"),
        "device": made["device"] or parameters.text("Device"),
        "status": "attaching",
        "deleteOnTermination": False,
    }


def detach(call: Call) -> Document:
    """``DetachVolume``."""
    parameters, inventory = call.parameters, call.inventory
    identifier = parameters.required("VolumeId")
    uuid = inventory.uuid(ids.VOLUME, identifier)
    with coded(missing=MISSING):
        volume = call.rooms.get("volume", "volumes", uuid)["volume"]
    if not volume["attachments"]:
        text = f"Volume '{identifier}' is in the 'available' state."
        raise Ec2Error("IncorrectState", text)
    attachment = volume["attachments"][0]
    server = attachment["server_id"]
    instance = inventory.id_of(ids.INSTANCE, server)
    if parameters.text("InstanceId", instance) != instance:
        text = f"Volume '{identifier}' is attached to another instance"
        raise Ec2Error("InvalidAttachment.NotFound", text)
    with coded(missing="InvalidAttachment.NotFound", state="IncorrectState"):
        path = ("servers", server, "os-volume_attachments", uuid)
        call.rooms.delete("compute", *path)
    return {
        "volumeId": identifier,
        "instanceId": instance,
        "device": attachment["device"],
        "status": "detaching",
        "attachTime": moment(attachment.get("attached_at")),
    }


def modify(call: Call) -> Document:
    """``ModifyVolume``: let it grow, also while it is attached."""
    parameters = call.parameters
    identifier = parameters.required("VolumeId")
    uuid = call.inventory.uuid(ids.VOLUME, identifier)
    size = parameters.integer("Size")
    if size is None:
        raise missing("Size")
    with coded(missing=MISSING):
        volume = call.rooms.get("volume", "volumes", uuid)["volume"]
        if size < volume["size"]:
            raise invalid("Size", size, "A volume cannot shrink.")
        if size > volume["size"]:
            body = {"os-extend": {"new_size": size}}
            call.rooms.post("volume", "volumes", uuid, "action", body=body)
    return {
        "volumeModification": {
            "volumeId": identifier,
            "modificationState": "optimizing" if size > volume["size"] else "completed",
            "targetSize": size,
            "originalSize": volume["size"],
            "progress": 0 if size > volume["size"] else 100,
        }
    }


def describe_status(call: Call) -> Document:
    """``DescribeVolumeStatus``."""
    shown = [
        {
            "volumeId": each["volumeId"],
            "availabilityZone": each["availabilityZone"],
            "volumeStatus": {
                "status": "impaired" if each["status"] == "error" else "ok",
                "details": [{"name": "io-enabled", "status": "passed"}],
            },
            "eventsSet": [],
            "actionsSet": [],
        }
        for each in (_document(call.inventory, volume) for volume in _asked(call))
    ]
    accessors: Mapping[str, Accessor] = {
        "availability-zone": lambda each: each["availabilityZone"],
        "volume-status.status": lambda each: each["volumeStatus"]["status"],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    found, token = page(call.parameters, found, lambda each: str(each["volumeId"]))
    return {"volumeStatusSet": found, "nextToken": token}


ACTIONS = {
    "DescribeVolumes": Action(describe, "VolumeId Filter MaxResults NextToken"),
    "DescribeVolumeStatus": Action(
        describe_status, "VolumeId Filter MaxResults NextToken"
    ),
    "CreateVolume": Action(
        create,
        "AvailabilityZone Size SnapshotId VolumeType Encrypted MultiAttachEnabled"
        " TagSpecification ClientToken",
    ),
    "DeleteVolume": Action(delete, "VolumeId"),
    "AttachVolume": Action(attach, "VolumeId InstanceId Device"),
    "DetachVolume": Action(detach, "VolumeId InstanceId Device Force"),
    "ModifyVolume": Action(modify, "VolumeId Size"),
}
