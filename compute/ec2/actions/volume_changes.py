"""Volumes become larger, or of another type, also while they are attached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.volume_types import asked_type, shown_speed, shown_type
from compute.ec2.words import RESERVED

_MISSING = "InvalidVolume.NotFound"
# Of a volume: when it was last changed, from which size in GiB and which type.
MODIFIED = f"{RESERVED}modified"
_STATES = {
    "extending": "optimizing",
    "retyping": "optimizing",
    "error_extending": "failed",
}
# A volume is never of another type than its hosts can give it where it is.
_IN_PLACE = "never"

FILTERS: Mapping[str, Accessor] = {
    "modification-state": lambda shown: shown["modificationState"],
    "original-size": lambda shown: shown["originalSize"],
    "original-volume-type": lambda shown: shown["originalVolumeType"],
    "start-time": lambda shown: shown["startTime"],
    "target-size": lambda shown: shown["targetSize"],
    "target-volume-type": lambda shown: shown["targetVolumeType"],
    "volume-id": lambda shown: shown["volumeId"],
}


def modify(call: Call) -> Document:
    """``ModifyVolume``."""
    parameters, inventory, rooms = call.parameters, call.inventory, call.rooms
    uuid = inventory.uuid(ids.VOLUME, parameters.required("VolumeId"))
    if parameters.flag("MultiAttachEnabled"):
        raise unsupported("MultiAttachEnabled")
    with coded(missing=_MISSING, state="IncorrectModificationState"):
        before = rooms.get("volume", "volumes", uuid)["volume"]
        size = parameters.integer("Size", before["size"]) or 0
        if size < before["size"]:
            raise invalid("Size", size, "A volume cannot shrink.")
        wish = asked_type(rooms, parameters, shown_type(before))
        began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        noted = {MODIFIED: f"{began} {before['size']} {shown_type(before)}"}
        path = ("volumes", uuid)
        if size > before["size"]:
            body: dict[str, Any] = {"os-extend": {"new_size": size}}
            rooms.post("volume", *path, "action", body=body)
        if wish.type_name and wish.type_name != before["volume_type"]:
            new = {"new_type": wish.type_name, "migration_policy": _IN_PLACE}
            rooms.post("volume", *path, "action", body={"os-retype": new})
        body = {"metadata": {**wish.metadata, **noted}}
        rooms.post("volume", *path, "metadata", body=body)
        after = rooms.get("volume", *path)["volume"]
    shown = _document(inventory, after)
    # What was wanted, though the volume may not be so yet.
    shown |= {"targetSize": size}
    return {"volumeModification": shown}


def describe(call: Call) -> Document:
    """``DescribeVolumesModifications``: the last of each volume that had one."""
    parameters, inventory = call.parameters, call.inventory
    volumes = {
        inventory.id_of(ids.VOLUME, volume["id"]): volume
        for volume in inventory.volumes
    }
    wanted = parameters.texts("VolumeId")
    found = ids.named(volumes, ids.VOLUME, wanted)
    shown = [
        _document(inventory, each) for each in found if MODIFIED in each["metadata"]
    ]
    if wanted and not shown:
        text = f"Modification for volume '{wanted[0]}' does not exist."
        raise Ec2Error("InvalidVolumeModification.NotFound", text)
    shown = chosen(shown, asked_filters(parameters), FILTERS)
    shown, token = page(parameters, shown, lambda each: str(each["volumeId"]))
    return {"volumeModificationSet": shown, "nextToken": token}


def _noted(volume: Thing) -> list[str]:
    """When, from which size and type; nothing for one that was not changed."""
    return str(volume["metadata"].get(MODIFIED, "")).split(" ", 2)


def _document(inventory: Inventory, volume: Thing) -> dict[str, Any]:
    began, size, kind = _noted(volume)
    state = _STATES.get(volume["status"], "completed")
    speed = shown_speed(volume)
    return {
        "volumeId": inventory.id_of(ids.VOLUME, volume["id"]),
        "modificationState": state,
        "originalSize": int(size),
        "originalVolumeType": kind,
        "targetSize": volume["size"],
        "targetVolumeType": shown_type(volume),
        "targetIops": speed.get("iops"),
        "targetThroughput": speed.get("throughput"),
        "progress": 100 if state == "completed" else 0,
        "startTime": moment(began),
    }


ACTIONS = {
    "ModifyVolume": Action(
        modify, "VolumeId Size VolumeType Iops Throughput MultiAttachEnabled"
    ),
    "DescribeVolumesModifications": Action(
        describe, "VolumeId Filter MaxResults NextToken"
    ),
}
