"""``CopySnapshot``: one like another, which may go then."""

from __future__ import annotations

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import coded, invalid, unsupported


def copy(call: Call) -> Document:
    """Of one's own: of what others share, volumes can be made, and snapshots of
    those."""
    parameters, inventory = call.parameters, call.inventory
    for name in ("SourceRegion", "DestinationRegion"):
        # Clients say the second when they sign the address of the first.
        if (region := parameters.text(name, call.region)) != call.region:
            raise invalid(name, region, f"There is only {call.region}.")
    parameters.required("SourceRegion")
    if parameters.flag("Encrypted") or parameters.has("KmsKeyId"):
        raise unsupported("Encrypted", "Snapshots are as their volumes.")
    tags = tagging.tags_for_new(parameters, ids.SNAPSHOT)[ids.SNAPSHOT]
    shown = tagging.set_of(tags)
    uuid = inventory.uuid(ids.SNAPSHOT, parameters.required("SourceSnapshotId"))
    if uuid in {each["id"] for each in inventory.shared_snapshots}:
        raise unsupported(
            "SourceSnapshotId",
            "It is another project's: make a volume of it, and a snapshot of that.",
        )
    wanted = {
        "name": tags.pop(tagging.NAME, ""),
        "description": parameters.text("Description"),
        "metadata": tags,
    }
    path = ("snapshots", uuid, "copies")
    with coded(missing="InvalidSnapshot.NotFound", limit="SnapshotLimitExceeded"):
        made = call.rooms.post("volume", *path, body={"copy": wanted})["snapshot"]
    return {
        "snapshotId": inventory.id_of(ids.SNAPSHOT, made["id"]),
        "tagSet": shown,
    }


ACTIONS = {
    "CopySnapshot": Action(
        copy,
        "SourceSnapshotId SourceRegion DestinationRegion Description Encrypted KmsKeyId"
        " PresignedUrl TagSpecification",
    ),
}
