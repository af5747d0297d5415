"""``CopyImage``: an image of one's own like another, which may go then.

The image room takes the bytes over, and compares them with the other's hash.
"""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.actions.images import free_name
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.inventory import Thing
from compute.ec2.marking import undone

_MISSING = "InvalidAMIID.NotFound"
# What the guest needs: hardware, system, names of devices.
_KEPT_PREFIXES = ("hw_", "os_")
_KEPT = frozenset(("architecture", "min_disk", "min_ram", "root_device_name"))
# Of an image that was ever to be imported, with the stores that are still to have it.
_IMPORTING_TO = "os_glance_importing_to_stores"
# The image room says these itself.
_ITS_OWN = ("os_hash_", "os_glance_", "os_hidden")


def copy(call: Call) -> Document:
    """Pending until the bytes are there."""
    parameters, inventory = call.parameters, call.inventory
    if parameters.flag("Encrypted"):
        raise unsupported("Encrypted", "Images are not encrypted.")
    if (region := parameters.required("SourceRegion")) != call.region:
        raise invalid("SourceRegion", region, f"There is only {call.region}.")
    token = tagging.client_token(parameters)
    own = [each for each in inventory.images if each["owner"] == call.signer.project_id]
    if before := tagging.made_with(own, token):
        if _is_asked_for_bytes(before):
            return {"imageId": inventory.id_of(ids.IMAGE, before["id"])}
        # Whoever made it was ended before he could ask; it is asked for again.
        return _filled(call, before["id"], _source(call))
    source = _source(call)
    tags = tagging.tags_for_new(parameters, ids.IMAGE)[ids.IMAGE]
    if parameters.flag("CopyImageTags"):
        tags = {**tagging.tags_of(tagging.HOLDERS[ids.IMAGE], source), **tags}
    words = tagging.words_for(tagging.HOLDERS[ids.IMAGE], tags)
    wanted: dict[str, Any] = {
        **_kept(source),
        "name": free_name(call),
        "description": parameters.text("Description"),
        "disk_format": source["disk_format"],
        "container_format": source["container_format"],
        "visibility": "private",
        "tags": [*words, *tagging.token_words(token)],
    }
    with coded(missing=_MISSING, state="InvalidAMIID.Unavailable"):
        made = call.rooms.post("image", "images", body=wanted)
        with undone(call.rooms, "image", "images", made["id"]):
            return _filled(call, made["id"], source)


def _is_asked_for_bytes(image: Thing) -> bool:
    """Whether a copy was ever to be filled: the image room's marks say so for good."""
    return image["status"] != "queued" or _IMPORTING_TO in image


def _filled(call: Call, uuid: str, source: Thing) -> Document:
    method = {
        "name": "glance-download",
        "glance_image_id": source["id"],
        "glance_region": call.catalogue_region,
    }
    with coded(missing=_MISSING, state="InvalidAMIID.Unavailable"):
        call.rooms.post("image", "images", uuid, "import", body={"method": method})
    return {"imageId": call.inventory.id_of(ids.IMAGE, uuid)}


def _source(call: Call) -> Thing:
    identifier = call.parameters.required("SourceImageId")
    uuid = call.inventory.uuid(ids.IMAGE, identifier)
    with coded(missing=_MISSING):
        image: Thing = call.rooms.get("image", "images", uuid)
    if image["status"] != "active":
        raise Ec2Error("InvalidAMIID.Unavailable", f"{identifier} is not available")
    if not image["size"]:
        text = "It stands for snapshots of volumes, and has no bytes of its own."
        raise unsupported("SourceImageId", text)
    return image


def _kept(source: Thing) -> dict[str, Any]:
    return {
        name: source[name]
        for name in source
        if name in _KEPT
        or (name.startswith(_KEPT_PREFIXES) and not name.startswith(_ITS_OWN))
    }


ACTIONS = {
    "CopyImage": Action(
        copy,
        "SourceImageId SourceRegion Name Description Encrypted ClientToken"
        " TagSpecification CopyImageTags",
    ),
}
