"""``BlockDeviceMapping`` of an order: the disks of the instances to come."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing
from compute.ec2.volume_types import asked_type

# What scripts call the root, whatever the image calls it.
_ROOT_NAMES = frozenset(("/dev/vda", "/dev/sda1", "/dev/sda", "vda"))

_HEEDED = (
    "VolumeSize VolumeType Iops Throughput SnapshotId DeleteOnTermination Encrypted"
)


def disks_of_order(call: Call, image: Thing) -> list[dict[str, Any]]:
    """The disks that are wanted beside, or instead of, the image's own."""
    mappings = [
        each
        for each in call.parameters.structures("BlockDeviceMapping")
        if not each.has("NoDevice") and not each.has("VirtualName")
    ]
    if not mappings:
        return []
    roots = [each for each in mappings if each.text("DeviceName") in _ROOT_NAMES]
    if len(roots) > 1:
        raise invalid("BlockDeviceMapping", "two roots")
    disks = [_root(call, roots[0], image) if roots else _image_disk(image)]
    for each in mappings:
        if each not in roots:
            disks.append(_volume(call, each))
    return disks


def _image_disk(image: Thing) -> dict[str, Any]:
    return {
        "boot_index": 0,
        "uuid": image["id"],
        "source_type": "image",
        "destination_type": "local",
        "delete_on_termination": True,
    }


def _root(call: Call, mapping: Parameters, image: Thing) -> dict[str, Any]:
    """A volume made from the image."""
    ebs = _ebs(mapping)
    if ebs.has("SnapshotId"):
        raise unsupported("Ebs.SnapshotId", "The root comes from the image.")
    size = ebs.integer("VolumeSize")
    if size is None:
        raise missing("BlockDeviceMapping.Ebs.VolumeSize")
    return {
        **_image_disk(image),
        "destination_type": "volume",
        "volume_size": size,
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=True),
        **_volume_type(call, ebs),
    }


def _volume(call: Call, mapping: Parameters) -> dict[str, Any]:
    ebs = _ebs(mapping)
    disk: dict[str, Any] = {
        "boot_index": -1,
        "source_type": "blank",
        "destination_type": "volume",
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=True),
        "device_name": mapping.required("DeviceName"),
        **_volume_type(call, ebs),
    }
    size = ebs.integer("VolumeSize")
    if snapshot := ebs.text("SnapshotId"):
        disk["source_type"] = "snapshot"
        disk["uuid"] = call.inventory.uuid(ids.SNAPSHOT, snapshot)
    elif size is None:
        raise missing("BlockDeviceMapping.Ebs.VolumeSize")
    if size is not None:
        disk["volume_size"] = size
    return disk


def _ebs(mapping: Parameters) -> Parameters:
    ebs = mapping.structure("Ebs")
    ebs.heed(_HEEDED)
    if ebs.flag("Encrypted"):
        raise unsupported("Ebs.Encrypted", "Volumes are not encrypted.")
    return ebs


def _volume_type(call: Call, ebs: Parameters) -> dict[str, str]:
    kind = asked_type(call.rooms, ebs).type_name
    return {"volume_type": kind} if kind else {}
