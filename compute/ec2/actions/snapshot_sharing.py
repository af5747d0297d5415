"""Who may make volumes of a snapshot besides its project: other projects, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported

_ATTRIBUTE = "createVolumePermission"
_MISSING = "InvalidSnapshot.NotFound"
_PROJECT = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")
_DIRECTIONS = ("add", "remove")


def describe(call: Call) -> Document:
    """``DescribeSnapshotAttribute``: its owner is told."""
    identifier, uuid = _asked(call)
    attribute = call.parameters.required("Attribute")
    if attribute not in (_ATTRIBUTE, "productCodes"):
        raise invalid("Attribute", attribute)
    projects = _projects(call, uuid)
    shown = [{"userId": each} for each in projects] if attribute == _ATTRIBUTE else []
    return {"snapshotId": identifier, attribute: shown}


def modify(call: Call) -> Document:
    """``ModifySnapshotAttribute``, in either of the two ways to write it."""
    _, uuid = _asked(call)
    parameters = call.parameters
    if (attribute := parameters.text("Attribute", _ATTRIBUTE)) != _ATTRIBUTE:
        raise invalid("Attribute", attribute, "It cannot be changed.")
    changes: dict[str, list[str]] = {each: [] for each in _DIRECTIONS}
    structure = parameters.structure("CreateVolumePermission")
    structure.heed("Add Remove")
    for direction in _DIRECTIONS:
        for each in structure.structures(direction.capitalize()):
            each.heed("UserId Group")
            if each.has("Group"):
                _refuse_groups([each.text("Group")])
            changes[direction].append(each.required("UserId"))
    if operation := parameters.text("OperationType"):
        if operation not in _DIRECTIONS:
            raise invalid("OperationType", operation)
        _refuse_groups(parameters.texts("UserGroup"))
        changes[operation] += parameters.texts("UserId")
    if not any(changes.values()):
        raise missing("CreateVolumePermission")
    for user in [user for users in changes.values() for user in users]:
        if not _PROJECT.match(user):
            raise Ec2Error("InvalidUserID.Malformed", f"Invalid user id: '{user}'")
    return _change(call, uuid, changes)


def reset(call: Call) -> Document:
    """``ResetSnapshotAttribute``: nobody else any more."""
    _, uuid = _asked(call)
    attribute = call.parameters.required("Attribute")
    if attribute != _ATTRIBUTE:
        raise invalid("Attribute", attribute, "It cannot be reset.")
    return _change(call, uuid, {"remove": _projects(call, uuid)})


def _asked(call: Call) -> tuple[str, str]:
    identifier = call.parameters.required("SnapshotId")
    return identifier, call.inventory.uuid(ids.SNAPSHOT, identifier)


def _refuse_groups(groups: Iterable[str]) -> None:
    for group in groups:
        if group != "all":
            raise invalid("UserGroup", group)
        raise unsupported("UserGroup", "Snapshots are shared with projects by name.")


def _projects(call: Call, uuid: str) -> list[str]:
    with coded(missing=_MISSING):
        found = call.rooms.get("volume", "snapshots", uuid, "shares")["shares"]
    return [each["project_id"] for each in found]


def _change(call: Call, uuid: str, changes: dict[str, list[str]]) -> Document:
    body = {"shares": changes}
    with coded(missing=_MISSING, limit="ResourceLimitExceeded"):
        call.rooms.post("volume", "snapshots", uuid, "shares", body=body)
    return {"return": True}


ACTIONS = {
    "DescribeSnapshotAttribute": Action(describe, "SnapshotId Attribute"),
    "ModifySnapshotAttribute": Action(
        modify,
        "SnapshotId Attribute CreateVolumePermission OperationType UserId UserGroup",
    ),
    "ResetSnapshotAttribute": Action(reset, "SnapshotId Attribute"),
}
