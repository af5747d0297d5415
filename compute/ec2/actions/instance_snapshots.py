"""``CreateSnapshots``: of all volumes of an instance, as they are at one moment."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.instances import asked_servers
from compute.ec2.actions.snapshots import document
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.inventory import Thing

_FROM_VOLUME = "volume"


def create(call: Call) -> Document:
    """All or none."""
    parameters, inventory = call.parameters, call.inventory
    copied = parameters.text("CopyTagsFromSource")
    if copied not in ("", _FROM_VOLUME):
        raise unsupported("CopyTagsFromSource", f"It can be {_FROM_VOLUME}.")
    tags = tagging.tags_for_new(parameters, ids.SNAPSHOT)[ids.SNAPSHOT]
    wanted = []
    for volume in _volumes(call):
        own = tagging.tags_of(tagging.HOLDERS[ids.VOLUME], volume) if copied else {}
        metadata = {**own, **tags}
        wanted.append(
            {
                "volume_id": volume["id"],
                "name": metadata.pop(tagging.NAME, ""),
                "description": parameters.text("Description"),
                "metadata": metadata,
            }
        )
    body = {"snapshots": wanted}
    with coded(missing="InvalidVolume.NotFound", limit="SnapshotLimitExceeded"):
        made = call.rooms.post("volume", "snapshots", "together", body=body)
    shown = [document(inventory, each) for each in made["snapshots"]]
    return {"snapshotSet": [_summary(each) for each in shown]}


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
