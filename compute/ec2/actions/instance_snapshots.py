"""``CreateSnapshots``: of all volumes of an instance, one after the other."""

from __future__ import annotations

import logging
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.instances import asked_servers
from compute.ec2.actions.snapshots import document
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.inventory import Thing
from compute.ec2.marking import there_or_not
from objectstore.kernel.concurrency import sleep
from objectstore.kernel.errors import Rejected

# So long are those awaited that are not to be, as not all could be made.
PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.5
_FROM_VOLUME = "volume"
_logger = logging.getLogger("compute.ec2")


def create(call: Call) -> Document:
    """All or none.  They are not of one moment: each is as its volume is then."""
    parameters, inventory = call.parameters, call.inventory
    copied = parameters.text("CopyTagsFromSource")
    if copied not in ("", _FROM_VOLUME):
        raise unsupported("CopyTagsFromSource", f"It can be {_FROM_VOLUME}.")
    tags = tagging.tags_for_new(parameters, ids.SNAPSHOT)[ids.SNAPSHOT]
    made: list[Thing] = []
    try:
        for volume in _volumes(call):
            own = tagging.tags_of(tagging.HOLDERS[ids.VOLUME], volume) if copied else {}
            made.append(_snapshot(call, volume, {**own, **tags}))
    except BaseException:
        _take_away(call, [each["id"] for each in made])
        raise
    return {"snapshotSet": [_summary(document(inventory, each)) for each in made]}


def _snapshot(call: Call, volume: Thing, metadata: tagging.Tags) -> Thing:
    body = {
        "snapshot": {
            "volume_id": volume["id"],
            "force": True,
            "name": metadata.pop(tagging.NAME, ""),
            "description": call.parameters.text("Description"),
            "metadata": metadata,
        }
    }
    with coded(missing="InvalidVolume.NotFound", limit="SnapshotLimitExceeded"):
        made: Thing = call.rooms.post("volume", "snapshots", body=body)["snapshot"]
    return made


def _take_away(call: Call, snapshots: list[str]) -> None:
    """Delete them, as soon as they are made if that is soon: not before can they be."""
    waited = 0.0
    while snapshots and waited <= PATIENCE_SECONDS:
        if waited:
            sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
        snapshots = [each for each in snapshots if not _is_deleted(call, each)]
    for each in snapshots:
        _logger.warning("snapshot %s, of a set that could not be made, is left", each)


def _is_deleted(call: Call, snapshot: str) -> bool:
    try:
        with there_or_not():
            call.rooms.delete("volume", "snapshots", snapshot)
    except Rejected:
        return False
    return True


def _summary(shown: dict[str, Any]) -> dict[str, Any]:
    """Here the state has another name than everywhere else."""
    return {("state" if key == "status" else key): shown[key] for key in shown}


def _volumes(call: Call) -> list[Thing]:
    """Those of the instance that are not left out."""
    asked = call.parameters.structure("InstanceSpecification")
    asked.heed("InstanceId ExcludeBootVolume ExcludeDataVolumeId")
    inventory = call.inventory
    server = asked_servers(inventory, [asked.required("InstanceId")])[0]
    out = {inventory.uuid(ids.VOLUME, v) for v in asked.texts("ExcludeDataVolumeId")}
    root = server.get("OS-EXT-SRV-ATTR:root_device_name") or "/dev/vda"
    found = [
        volume
        for volume, attachment in inventory.volumes_by_server.get(server["id"], [])
        if volume["id"] not in out
        and not (asked.flag("ExcludeBootVolume") and attachment["device"] == root)
    ]
    if not found:
        text = "The instance has no volume of which a snapshot could be made"
        raise Ec2Error("InvalidParameterValue", text)
    return found


ACTIONS = {
    "CreateSnapshots": Action(
        create, "InstanceSpecification Description TagSpecification CopyTagsFromSource"
    ),
}
