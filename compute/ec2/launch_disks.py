"""``BlockDeviceMapping`` of an order: the disks of the instances to come."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing
from compute.ec2.launch_tags import volume_notes
from compute.ec2.views.images import root_gib
from compute.ec2.volume_types import TypeWish, asked_type

# What scripts call the root, whatever the image calls it.
_ROOT_NAMES = frozenset(("/dev/vda", "/dev/sda1", "/dev/sda", "vda"))

_HEEDED = (
    "VolumeSize VolumeType Iops Throughput SnapshotId DeleteOnTermination Encrypted"
)


def disks_of_order(
    call: Call, image: Thing
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The disks that are wanted beside, or instead of, the image's own, and what a
    server keeps of the names and types that were wished for them."""
    mappings = [
        each
        for each in call.parameters.structures("BlockDeviceMapping")
        if not each.has("NoDevice") and not each.has("VirtualName")
    ]
    if not mappings:
        return [], {}
    roots = [each for each in mappings if each.text("DeviceName") in _ROOT_NAMES]
    if len(roots) > 1:
        raise invalid("BlockDeviceMapping", "two roots")
    rest = [each for each in mappings if each not in roots]
    disks = [_image_disk(image)]
    wishes = [TypeWish()]
    for each in [*roots, *rest]:
        wish = asked_type(call.rooms, each.structure("Ebs"))
        disk = _root(each, image) if each in roots else _volume(call, each)
        if wish.type_name:
            disk["volume_type"] = wish.type_name
        disks.append(disk)
        wishes.append(wish)
    if roots:
        del disks[0], wishes[0]
    return disks, volume_notes(disks, [each.wanted_as for each in wishes])


def _image_disk(image: Thing) -> dict[str, Any]:
    return {
        "boot_index": 0,
        "uuid": image["id"],
        "source_type": "image",
        "destination_type": "local",
        "delete_on_termination": True,
    }


def _root(mapping: Parameters, image: Thing) -> dict[str, Any]:
    """A volume made from the image."""
    ebs = _ebs(mapping)
    if ebs.has("SnapshotId"):
        raise unsupported("Ebs.SnapshotId", "The root comes from the image.")
    return {
        **_image_disk(image),
        "destination_type": "volume",
        "volume_size": ebs.integer("VolumeSize", root_gib(image)),
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=True),
    }


def _volume(call: Call, mapping: Parameters) -> dict[str, Any]:
    ebs = _ebs(mapping)
    disk: dict[str, Any] = {
        "boot_index": -1,
        "source_type": "blank",
        "destination_type": "volume",
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=True),
        "device_name": mapping.required("DeviceName"),
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
