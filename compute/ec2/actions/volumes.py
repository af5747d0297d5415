"""Volumes: shown, made, attached, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, launch_tags, tagging
from compute.ec2.call import Call
from compute.ec2.device_names import naming, shown_device
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, missing, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.views.volumes import volume_document
from compute.ec2.volume_types import asked_type, check_shared

MISSING = "InvalidVolume.NotFound"
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
    inventory = launch_tags.settle(call.inventory)
    shown = [volume_document(inventory, each) for each in _asked(call, inventory)]
    found = chosen(shown, asked_filters(call.parameters), FILTERS)
    found, token = page(call.parameters, found, lambda each: str(each["volumeId"]))
    return {"volumeSet": found, "nextToken": token}


def _asked(call: Call, inventory: Inventory) -> list[Thing]:
    volumes = {
        inventory.id_of(ids.VOLUME, volume["id"]): volume
        for volume in inventory.volumes
    }
    return ids.named(volumes, ids.VOLUME, call.parameters.texts("VolumeId"))


def create(call: Call) -> Document:
    """``CreateVolume``: empty, or from a snapshot."""
    parameters, inventory = call.parameters, call.inventory
    if parameters.flag("Encrypted"):
        raise unsupported("Encrypted", "Volumes are not encrypted.")
    size, snapshot = parameters.integer("Size"), parameters.text("SnapshotId")
    if size is None and not snapshot:
        raise missing("Size")
    metadata = tagging.tags_for_new(parameters, ids.VOLUME)[ids.VOLUME]
    name = metadata.pop(tagging.NAME, "")
    if client_token := tagging.client_token(parameters):
        for volume in inventory.volumes:
            if volume["metadata"].get(tagging.CLIENT_TOKEN) == client_token:
                return volume_document(inventory, volume)
        metadata[tagging.CLIENT_TOKEN] = client_token
    order: dict[str, Any] = {"name": name, "metadata": metadata}
    if size is not None:
        order["size"] = size
    if snapshot:
        order["snapshot_id"] = inventory.uuid(ids.SNAPSHOT, snapshot)
    if zone := parameters.text("AvailabilityZone"):
        order["availability_zone"] = zone
    wish = asked_type(call.rooms, parameters)
    if parameters.flag("MultiAttachEnabled"):
        check_shared(call.rooms, wish)
    if wish.type_name:
        order["volume_type"] = wish.type_name
    metadata |= wish.metadata
    with coded(missing="InvalidSnapshot.NotFound", limit="VolumeLimitExceeded"):
        made = call.rooms.post("volume", "volumes", body={"volume": order})["volume"]
        # What has just been made tells less of itself than what is shown.
        whole = call.rooms.get("volume", "volumes", made["id"])["volume"]
    shown = volume_document(inventory, whole)
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
        if state["status"] in _TAKEN and not state["multiattach"]:
            text = f"{parameters.text('VolumeId')} is already attached to an instance"
            raise Ec2Error("VolumeInUse", text)
        path = ("servers", server, "os-volume_attachments")
        made = call.rooms.post("compute", *path, body=body)["volumeAttachment"]
    name = parameters.text("Device")
    if kept := naming(name, made["device"] or name):
        call.rooms.post(
            "volume", "volumes", volume, "metadata", body={"metadata": kept}
        )
    return {
        "volumeId": parameters.text("VolumeId"),
        "instanceId": parameters.text("InstanceId"),
        "device": name,
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
    by_instance = {
        inventory.id_of(ids.INSTANCE, each["server_id"]): each
        for each in volume["attachments"]
    }
    instance = parameters.text("InstanceId")
    if not instance and len(by_instance) > 1:
        raise missing("InstanceId")
    instance = instance or next(iter(by_instance))
    if instance not in by_instance:
        text = f"Volume '{identifier}' is attached to another instance"
        raise Ec2Error("InvalidAttachment.NotFound", text)
    attachment = by_instance[instance]
    server = attachment["server_id"]
    with coded(missing="InvalidAttachment.NotFound", state="IncorrectState"):
        path = ("servers", server, "os-volume_attachments", uuid)
        call.rooms.delete("compute", *path)
    return {
        "volumeId": identifier,
        "instanceId": instance,
        "device": shown_device(volume, attachment),
        "status": "detaching",
        "attachTime": moment(attachment.get("attached_at")),
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
        for each in (
            volume_document(call.inventory, volume)
            for volume in _asked(call, call.inventory)
        )
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
        "AvailabilityZone Size SnapshotId VolumeType Iops Throughput Encrypted"
        " MultiAttachEnabled TagSpecification ClientToken",
    ),
    "DeleteVolume": Action(delete, "VolumeId"),
    "AttachVolume": Action(attach, "VolumeId InstanceId Device"),
    "DetachVolume": Action(detach, "VolumeId InstanceId Device Force"),
}
