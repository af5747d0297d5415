"""``BlockDeviceMapping`` of an order: the disks of the instances to come."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import invalid, missing, unsupported
from compute.ec2.frame.parameters import Parameters
from compute.ec2.image_devices import ROOT_NAMES, devices_of, is_root, same_device
from compute.ec2.inventory import Thing
from compute.ec2.launch_tags import volume_notes
from compute.ec2.views.images import root_gib
from compute.ec2.volume_types import TypeWish, asked_type

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
    roots = [each for each in mappings if each.text("DeviceName") in ROOT_NAMES]
    if len(roots) > 1:
        raise invalid("BlockDeviceMapping", "two roots")
    rest = [each for each in mappings if each not in roots]
    if devices := devices_of(image):
        return _merged(call, devices, mappings)
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


def _merged(
    call: Call, devices: list[dict[str, Any]], mappings: list[Parameters]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Those of an image that stands for snapshots, as the order would have them, and
    what the order has besides."""
    disks, wishes = [], []
    left = list(mappings)
    for device in devices:
        name = "/dev/vda" if is_root(device) else str(device.get("device_name") or "")
        said = [each for each in left if same_device(each.text("DeviceName"), name)]
        left = [each for each in left if each not in said]
        wish = TypeWish()
        for each in said:
            wish = asked_type(call.rooms, each.structure("Ebs"))
            device = _changed(device, _ebs(each), wish)
        disks.append(_ordered(device))
        wishes.append(wish)
    for each in left:
        wish = asked_type(call.rooms, each.structure("Ebs"))
        disk = _volume(call, each)
        if wish.type_name:
            disk["volume_type"] = wish.type_name
        disks.append(disk)
        wishes.append(wish)
    return disks, volume_notes(disks, [each.wanted_as for each in wishes])


def _ordered(device: dict[str, Any]) -> dict[str, Any]:
    """The same in an order, which knows no nulls and finds the root its place."""
    found = {key: value for key, value in device.items() if value is not None}
    if snapshot := found.pop("snapshot_id", ""):
        found["uuid"] = snapshot
    if is_root(found):
        found.pop("device_name", None)
    return found


def _changed(device: dict[str, Any], ebs: Parameters, wish: TypeWish) -> dict[str, Any]:
    """Larger, of another type, staying or not: what it is made of is the image's."""
    if ebs.has("SnapshotId"):
        raise unsupported("Ebs.SnapshotId", "The image says of which it is made.")
    ends = bool(device.get("delete_on_termination", True))
    changed = {
        **device,
        "volume_size": ebs.integer("VolumeSize", device.get("volume_size")),
        "delete_on_termination": ebs.flag("DeleteOnTermination", default=ends),
    }
    if wish.type_name:
        changed["volume_type"] = wish.type_name
    return changed


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
