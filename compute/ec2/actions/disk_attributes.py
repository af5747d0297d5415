"""Single attributes of volumes."""

from __future__ import annotations

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import invalid, unsupported
from compute.ec2.inventory import Thing


def _known(call: Call, kind: str, name: str, things: list[Thing]) -> str:
    """The id of a request, of something that is there."""
    identifier = call.parameters.required(name)
    by_id = {call.inventory.id_of(kind, each["id"]) for each in things}
    ids.named(dict.fromkeys(by_id), kind, [identifier])
    return identifier


def describe_volume(call: Call) -> Document:
    """``DescribeVolumeAttribute``: a volume in error is never used again by itself."""
    identifier = _known(call, ids.VOLUME, "VolumeId", call.inventory.volumes)
    attribute = call.parameters.required("Attribute")
    values: Document = {"autoEnableIO": {"value": False}, "productCodes": []}
    if attribute not in values:
        raise invalid("Attribute", attribute)
    return {"volumeId": identifier, attribute: values[attribute]}


def modify_volume(call: Call) -> Document:
    """``ModifyVolumeAttribute``: as it is."""
    _known(call, ids.VOLUME, "VolumeId", call.inventory.volumes)
    if call.parameters.structure("AutoEnableIO").flag("Value"):
        raise unsupported("AutoEnableIO", "It can be false.")
    return {"return": True}


ACTIONS = {
    "DescribeVolumeAttribute": Action(describe_volume, "VolumeId Attribute"),
    "ModifyVolumeAttribute": Action(modify_volume, "VolumeId AutoEnableIO"),
}
