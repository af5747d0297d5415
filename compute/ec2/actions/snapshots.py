"""Snapshots of volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.volumes import MISSING as MISSING_VOLUME
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.inventory import Inventory, Thing

_STATES = {"creating": "pending", "available": "completed", "deleting": "completed"}

FILTERS: Mapping[str, Accessor] = {
    "description": lambda shown: shown["description"],
    "encrypted": lambda shown: shown["encrypted"],
    "owner-id": lambda shown: shown["ownerId"],
    "progress": lambda shown: shown["progress"],
    "snapshot-id": lambda shown: shown["snapshotId"],
    "start-time": lambda shown: shown["startTime"],
    "status": lambda shown: shown["status"],
    "volume-id": lambda shown: shown["volumeId"],
    "volume-size": lambda shown: shown["volumeSize"],
}


def describe(call: Call) -> Document:
    """``DescribeSnapshots``: the project's; nobody else's are to be seen."""
    parameters, inventory = call.parameters, call.inventory
    shown = [document(inventory, snapshot) for snapshot in inventory.snapshots]
    by_id = {each["snapshotId"]: each for each in shown}
    shown = ids.named(by_id, ids.SNAPSHOT, parameters.texts("SnapshotId"))
    own = call.signer.project_id
    for name in ("Owner", "RestorableBy"):
        if (owners := parameters.texts(name)) and not {"self", own} & set(owners):
            shown = []
    found = chosen(shown, asked_filters(parameters), FILTERS)
    found, token = page(parameters, found, lambda each: str(each["snapshotId"]))
    return {"snapshotSet": found, "nextToken": token}


def document(inventory: Inventory, snapshot: Thing) -> dict[str, Any]:
    """A snapshot as it is shown."""
    status = _STATES.get(snapshot["status"], "error")
    return {
        "snapshotId": inventory.id_of(ids.SNAPSHOT, snapshot["id"]),
        "volumeId": inventory.id_of(ids.VOLUME, snapshot["volume_id"]),
        "status": status,
        "startTime": moment(snapshot["created_at"]),
        "progress": "100%" if status == "completed" else "0%",
        "ownerId": inventory.signer.project_id,
        "volumeSize": snapshot["size"],
        "description": snapshot["description"] or "",
        "encrypted": False,
        "tagSet": tagging.tag_set(ids.SNAPSHOT, snapshot),
    }


def create(call: Call) -> Document:
    """``CreateSnapshot``: of a volume, attached or not."""
    parameters, inventory = call.parameters, call.inventory
    volume = inventory.uuid(ids.VOLUME, parameters.required("VolumeId"))
    tags = tagging.tags_for_new(parameters, ids.SNAPSHOT)[ids.SNAPSHOT]
    body = {
        "snapshot": {
            "volume_id": volume,
            "force": True,
            "name": tags.pop(tagging.NAME, ""),
            "description": parameters.text("Description"),
            "metadata": tags,
        }
    }
    with coded(missing=MISSING_VOLUME, limit="SnapshotLimitExceeded"):
        made = call.rooms.post("volume", "snapshots", body=body)["snapshot"]
    return document(inventory, made)


def delete(call: Call) -> Document:
    """``DeleteSnapshot``."""
    uuid = call.inventory.uuid(ids.SNAPSHOT, call.parameters.required("SnapshotId"))
    with coded(missing="InvalidSnapshot.NotFound", state="InvalidSnapshot.InUse"):
        call.rooms.delete("volume", "snapshots", uuid)
    return {"return": True}


ACTIONS = {
    "DescribeSnapshots": Action(
        describe, "SnapshotId Owner RestorableBy Filter MaxResults NextToken"
    ),
    "CreateSnapshot": Action(create, "VolumeId Description TagSpecification"),
    "DeleteSnapshot": Action(delete, "SnapshotId"),
}
