"""Snapshots of volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.volumes import MISSING as MISSING_VOLUME
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment
from compute.ec2.image_devices import snapshots_of
from compute.ec2.inventory import Inventory, Thing

_STATES = {"creating": "pending", "available": "completed", "deleting": "completed"}

_OWNER = "os-extended-snapshot-attributes:project_id"
# As AWS writes the volume of a snapshot whose volume is nothing to the reader.
_UNTOLD = "vol-ffffffff"
# Projects of which one order may ask what they can use: each is a look by itself.
USERS_MAX = 200

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
    """``DescribeSnapshots``: the project's, and what others share with it."""
    parameters, inventory = call.parameters, call.inventory
    both = [*inventory.snapshots, *inventory.shared_snapshots]
    shown = [document(inventory, snapshot) for snapshot in both]
    by_id = {each["snapshotId"]: each for each in shown}
    shown = ids.named(by_id, ids.SNAPSHOT, parameters.texts("SnapshotId"))
    own = call.signer.project_id
    if owners := {own if one == "self" else one for one in parameters.texts("Owner")}:
        shown = [each for each in shown if each["ownerId"] in owners]
    if users := parameters.texts("RestorableBy"):
        if len(users) > USERS_MAX:
            raise invalid("RestorableBy", "...", f"At most {USERS_MAX} of them.")
        usable = _restorable(
            inventory, {own if one == "self" else one for one in users}
        )
        shown = [each for each in shown if each["snapshotId"] in usable]
    found = chosen(shown, asked_filters(parameters), FILTERS)
    found, token = page(parameters, found, lambda each: str(each["snapshotId"]))
    return {"snapshotSet": found, "nextToken": token}


def _restorable(inventory: Inventory, users: set[str]) -> set[str]:
    """The ids of those of which one of these projects may make volumes, as far as the
    signer may know."""
    own, found = inventory.signer.project_id, []
    for user in users - {"all"}:
        if user == own:
            found += [*inventory.snapshots, *inventory.shared_snapshots]
        else:
            path = ("snapshots", "shared")
            found += inventory.rooms.pages(
                "volume", "snapshots", *path, project_id=user
            )
    return {inventory.id_of(ids.SNAPSHOT, each["id"]) for each in found}


def document(inventory: Inventory, snapshot: Thing) -> dict[str, Any]:
    """A snapshot as it is shown."""
    status = _STATES.get(snapshot["status"], "error")
    own, volume = inventory.signer.project_id, snapshot["volume_id"]
    return {
        "snapshotId": inventory.id_of(ids.SNAPSHOT, snapshot["id"]),
        "volumeId": inventory.id_of(ids.VOLUME, volume) if volume else _UNTOLD,
        "status": status,
        "startTime": moment(snapshot["created_at"]),
        "progress": "100%" if status == "completed" else "0%",
        "ownerId": snapshot.get(_OWNER, own),
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
    """``DeleteSnapshot``: not while an image of the project's stands for it."""
    identifier = call.parameters.required("SnapshotId")
    uuid = call.inventory.uuid(ids.SNAPSHOT, identifier)
    own = call.signer.project_id
    for image in call.inventory.images:
        if image["owner"] == own and uuid in snapshots_of([image]):
            name = call.inventory.id_of(ids.IMAGE, image["id"])
            text = f"The snapshot {identifier} is currently in use by {name}"
            raise Ec2Error("InvalidSnapshot.InUse", text)
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
