"""The devices that an image names: those of which snapshots its instances have disks.

An image has bytes of its own, or it stands for snapshots of volumes and has none: then
its property ``block_device_mapping`` says which, as the compute room reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from compute.ec2.device_names import disk_meant
from compute.ec2.inventory import Thing

PROPERTY = "block_device_mapping"
# What scripts call the root, whatever the image calls it.
ROOT_NAMES = frozenset(("/dev/vda", "/dev/sda1", "/dev/sda", "vda"))


def devices_of(image: Thing) -> list[dict[str, Any]]:
    """The mappings of an image, the root's first; none for one with bytes.  Whoever
    made the image may have written anything there: what has more below it is none."""
    try:
        found = orjson.loads(image.get(PROPERTY) or "[]")
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    devices = [
        each
        for each in found
        if isinstance(each, dict)
        and not any(isinstance(value, dict | list) for value in each.values())
    ]
    return sorted(devices, key=lambda each: not is_root(each))


def is_root(device: Thing) -> bool:
    """Whether it is what an instance boots from."""
    return device.get("boot_index") == 0


def same_device(one: str, other: str) -> bool:
    """Whether two names mean the same disk."""
    if one in ROOT_NAMES and other in ROOT_NAMES:
        return True
    return one == other or (
        bool(disk_meant(one)) and disk_meant(one) == disk_meant(other)
    )


def snapshots_of(images: Iterable[Thing]) -> set[str]:
    """The uuids of all snapshots that any of them stands for."""
    return {
        str(device["snapshot_id"])
        for image in images
        for device in devices_of(image)
        if device.get("snapshot_id")
    }
