"""``RegisterImage``: an image that stands for snapshots of volumes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from compute.core.rooms.paths import path_of
from compute.ec2 import ids, tagging
from compute.ec2.actions.images import free_name
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.image_devices import PROPERTY, same_device
from compute.ec2.inventory import Thing
from compute.ec2.marking import undone
from compute.ec2.volume_types import asked_type
from objectstore.kernel.errors import Rejected

# Compute servers attach no more.
DEVICES_MAX = 26
_EBS = "SnapshotId VolumeSize VolumeType DeleteOnTermination Encrypted Iops Throughput"
# Parameters that have one value here, which is what is done anyway.
_ONLY = {"VirtualizationType": "hvm", "SriovNetSupport": "simple"}
_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64", "i386": "i686"}
_FIRMWARE = {"legacy-bios": "bios", "uefi": "uefi"}


def register(call: Call) -> Document:
    """Its snapshots stay as long as it is there."""
    parameters = call.parameters
    for name, only in _ONLY.items():
        if parameters.text(name, only) != only:
            raise unsupported(name, f"It can be {only}.")
    name = free_name(call)
    tags = tagging.tags_for_new(parameters, ids.IMAGE)[ids.IMAGE]
    root, devices = _devices(call)
    wanted: dict[str, Any] = {
        **_hardware(parameters),
        "name": name,
        "description": parameters.text("Description"),
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "private",
        "root_device_name": root,
        "bdm_v2": "True",
        PROPERTY: json.dumps(devices),
        "tags": tagging.words_for(tagging.HOLDERS[ids.IMAGE], tags),
    }
    with coded(limit="ResourceLimitExceeded"):
        made = call.rooms.post("image", "images", body=wanted)
        with undone(call.rooms, "image", "images", made["id"]):
            _complete(call, made["id"])
    return {"imageId": call.inventory.id_of(ids.IMAGE, made["id"])}


def _complete(call: Call, uuid: str) -> None:
    """No bytes, but an image that can be used: an empty upload says so."""
    path, kind = path_of(("images", uuid, "file")), "application/octet-stream"
    status, _, _ = call.rooms.raw("image", "PUT", path, {"Content-Type": kind})
    if status >= 500:
        raise call.rooms.away("image", f"it answered {status}")
    if status >= 400:
        raise Rejected(status, "The image could not be registered")


def _hardware(parameters: Parameters) -> dict[str, str]:
    found = {}
    if architecture := parameters.text("Architecture"):
        if architecture not in _ARCHITECTURES:
            raise invalid("Architecture", architecture)
        # What it is shown as, and what hosts are chosen by.
        found["architecture"] = architecture
        found["hw_architecture"] = _ARCHITECTURES[architecture]
    if mode := parameters.text("BootMode"):
        if mode not in _FIRMWARE:
            raise unsupported("BootMode", f"It can be {' or '.join(_FIRMWARE)}.")
        found["hw_firmware_type"] = _FIRMWARE[mode]
    return found


def _devices(call: Call) -> tuple[str, list[dict[str, Any]]]:
    """The root's name, and the devices as the compute room reads them."""
    parameters = call.parameters
    mappings = [
        each
        for each in parameters.structures("BlockDeviceMapping")
        if not each.has("NoDevice") and not each.has("VirtualName")
    ]
    if not mappings:
        if parameters.has("ImageLocation"):
            raise unsupported("ImageLocation", "An image is made of snapshots.")
        raise missing("BlockDeviceMapping")
    if len(mappings) > DEVICES_MAX:
        raise invalid("BlockDeviceMapping", "...", f"At most {DEVICES_MAX} of them.")
    names = [each.required("DeviceName") for each in mappings]
    root = parameters.text("RootDeviceName") or (names[0] if len(names) == 1 else "")
    if not root:
        raise missing("RootDeviceName")
    _check_names(names, root)
    devices = [
        _device(call, each, is_root=same_device(name, root))
        for each, name in zip(mappings, names, strict=True)
    ]
    return root, devices


def _check_names(names: Sequence[str], root: str) -> None:
    for number, name in enumerate(names):
        if any(same_device(name, other) for other in names[:number]):
            raise _wrong(f"The device {name} is there twice")
    if not any(same_device(name, root) for name in names):
        raise _wrong(f"No device is the root, {root}")


def _device(call: Call, mapping: Parameters, *, is_root: bool) -> dict[str, Any]:
    mapping.heed("DeviceName Ebs")
    ebs = mapping.structure("Ebs")
    ebs.heed(_EBS)
    if ebs.flag("Encrypted"):
        raise unsupported("Ebs.Encrypted", "Volumes are not encrypted.")
    wish = asked_type(call.rooms, ebs)
    size = ebs.integer("VolumeSize")
    device: dict[str, Any] = {
        "source_type": "blank",
        "destination_type": "volume",
        "boot_index": 0 if is_root else -1,
        "device_name": mapping.required("DeviceName"),
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=True),
    }
    if wish.type_name:
        device["volume_type"] = wish.type_name
    if identifier := ebs.text("SnapshotId"):
        snapshot = _snapshot(call, identifier)
        device |= {"source_type": "snapshot", "snapshot_id": snapshot["id"]}
        if size is not None and size < snapshot["size"]:
            raise _wrong(f"{size} GiB are less than {identifier} has")
        size = size or int(snapshot["size"])
    elif is_root:
        raise _wrong("The root is made of a snapshot")
    if size is None or size < 1:
        raise missing("BlockDeviceMapping.Ebs.VolumeSize")
    return {**device, "volume_size": size}


def _snapshot(call: Call, identifier: str) -> Thing:
    uuid = call.inventory.uuid(ids.SNAPSHOT, identifier)
    with coded(missing="InvalidSnapshot.NotFound"):
        found: Thing = call.rooms.get("volume", "snapshots", uuid)["snapshot"]
    if found["status"] != "available":
        text = f"The snapshot {identifier} is not completed"
        raise Ec2Error("IncorrectState", text)
    return found


def _wrong(text: str) -> Ec2Error:
    return Ec2Error("InvalidBlockDeviceMapping", text)


ACTIONS = {
    "RegisterImage": Action(
        register,
        "Name Description Architecture RootDeviceName BlockDeviceMapping BootMode"
        " VirtualizationType EnaSupport SriovNetSupport ImageLocation TagSpecification",
    ),
}
