"""Images: shown, made from instances, shared, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.parameters import Parameters
from compute.ec2.frame.xml import moment
from compute.ec2.image_devices import snapshots_of
from compute.ec2.inventory import Thing
from compute.ec2.views.images import image_document
from objectstore.kernel.errors import Rejected, Unavailable

NAME_LENGTHS = range(3, 129)
_MISSING = "InvalidAMIID.NotFound"
# What becomes of a snapshot for which another image stands, too.
_SKIPPED = "skipped"
_PATCH = "application/openstack-images-v2.1-json-patch"


def _of_devices(name: str, *, is_of_volume: bool = True) -> Accessor:
    """What an image says of each of its devices."""

    def look(shown: Mapping[str, Any]) -> list[Any]:
        devices = shown["blockDeviceMapping"]
        said = [each["ebs"] if is_of_volume else each for each in devices]
        return [each[name] for each in said if name in each]

    return look


FILTERS: Mapping[str, Accessor] = {
    "architecture": lambda shown: shown["architecture"],
    "block-device-mapping.delete-on-termination": _of_devices("deleteOnTermination"),
    "block-device-mapping.device-name": _of_devices("deviceName", is_of_volume=False),
    "block-device-mapping.encrypted": _of_devices("encrypted"),
    "block-device-mapping.snapshot-id": _of_devices("snapshotId"),
    "block-device-mapping.volume-size": _of_devices("volumeSize"),
    "block-device-mapping.volume-type": _of_devices("volumeType"),
    "creation-date": lambda shown: shown["creationDate"],
    "description": lambda shown: shown["description"],
    "image-id": lambda shown: shown["imageId"],
    "image-type": lambda shown: shown["imageType"],
    "is-public": lambda shown: shown["isPublic"],
    "name": lambda shown: shown["name"],
    "owner-alias": lambda shown: shown["imageOwnerAlias"],
    "owner-id": lambda shown: shown["imageOwnerId"],
    "root-device-name": lambda shown: shown["rootDeviceName"],
    "root-device-type": lambda shown: shown["rootDeviceType"],
    "state": lambda shown: shown["imageState"],
    "virtualization-type": lambda shown: shown["virtualizationType"],
    "hypervisor": lambda shown: shown["hypervisor"],
}


def describe(call: Call) -> Document:
    """``DescribeImages``: those that the project may use."""
    inventory, parameters = call.inventory, call.parameters
    shown = [image_document(inventory, image) for image in inventory.images]
    by_id = {image["imageId"]: image for image in shown}
    images = ids.named(by_id, ids.IMAGE, parameters.texts("ImageId"))
    own = call.signer.project_id
    if not (parameters.flag("IncludeDeprecated") or parameters.has("ImageId")):
        now = moment(datetime.now(UTC).isoformat())
        images = [each for each in images if not _is_deprecated(each, own, str(now))]
    if owners := parameters.texts("Owner"):
        names = {own if owner == "self" else owner for owner in owners}
        images = [each for each in images if names & set(_owners(each))]
    if users := parameters.texts("ExecutableBy"):
        images = [image for image in images if _may_start(image, users, own)]
    found = chosen(images, asked_filters(parameters), FILTERS)
    shown, token = page(parameters, found, lambda each: str(each["imageId"]), 1)
    return {"imagesSet": shown, "nextToken": token}


def _owners(image: Mapping[str, Any]) -> list[str]:
    """By which names its owner is asked for."""
    return [image["imageOwnerId"], image["imageOwnerAlias"] or ""]


def _is_deprecated(image: Mapping[str, Any], own: str, now: str) -> bool:
    """Whether it is hidden from lists; whose it is sees it still."""
    until = image["deprecationTime"]
    return bool(until) and until <= now and image["imageOwnerId"] != own


def _may_start(image: Mapping[str, Any], users: list[str], own: str) -> bool:
    """Whether one of them may, other than as the owner."""
    if "all" in users and image["isPublic"]:
        return True
    return bool({"self", own} & set(users)) and image["imageOwnerId"] != own


def create(call: Call) -> Document:
    """``CreateImage``: from an instance.  Whether it runs meanwhile does not matter:
    its disk is taken as it is at one moment."""
    parameters, inventory = call.parameters, call.inventory
    name = free_name(call)
    tags = tagging.tags_for_new(parameters, ids.IMAGE, ids.SNAPSHOT)
    if tags[ids.SNAPSHOT]:
        raise unsupported("TagSpecification for snapshot")
    server = inventory.uuid(ids.INSTANCE, parameters.required("InstanceId"))
    metadata = {}
    if description := parameters.text("Description"):
        metadata["description"] = description
    body = {"createImage": {"name": name, "metadata": metadata}}
    with coded(missing="InvalidInstanceID.NotFound", state="IncorrectInstanceState"):
        answer = call.rooms.post("compute", "servers", server, "action", body=body)
    uuid = str(answer["image_id"])
    if tags[ids.IMAGE]:
        tagging.put(inventory, ids.IMAGE, uuid, tags[ids.IMAGE])
    return {"imageId": inventory.id_of(ids.IMAGE, uuid)}


def free_name(call: Call) -> str:
    """The name of a request for an image, which none of the project's has."""
    name = call.parameters.required("Name")
    if len(name) not in NAME_LENGTHS:
        raise invalid("Name", name, "It has 3 to 128 characters.")
    if any(
        image["name"] == name and image["owner"] == call.signer.project_id
        for image in call.inventory.images
    ):
        raise Ec2Error("InvalidAMIName.Duplicate", f"The name {name} is in use")
    return name


def deregister(call: Call) -> Document:
    """``DeregisterImage``: and, if that is wished, of the snapshots that it stands for
    those that no other image does."""
    uuid = call.inventory.uuid(ids.IMAGE, call.parameters.required("ImageId"))
    goes_whole = call.parameters.flag("DeleteAssociatedSnapshots")
    with coded(missing=_MISSING, state="InvalidAMIID.Unavailable"):
        image = call.rooms.get("image", "images", uuid)
        if image["protected"]:
            text = "The image is protected from being deregistered"
            raise Ec2Error("OperationNotPermitted", text)
        call.rooms.delete("image", "images", uuid)
    if not goes_whole:
        return {"return": True}
    others = [each for each in call.inventory.images if each["id"] != uuid]
    used = snapshots_of(others)
    return {
        "return": True,
        "deleteSnapshotResultSet": [
            {
                "snapshotId": call.inventory.id_of(ids.SNAPSHOT, each),
                "returnCode": _SKIPPED if each in used else _delete(call, each),
            }
            for each in sorted(snapshots_of([image]))
        ],
    }


def _delete(call: Call, snapshot: str) -> str:
    try:
        call.rooms.delete("volume", "snapshots", snapshot)
    except Rejected as error:
        return "missing-permissions" if error.status in (403, 404) else "client-error"
    except Unavailable:
        return "internal-error"
    return "success"


def describe_attribute(call: Call) -> Document:
    """``DescribeImageAttribute``: its description, and who may start it."""
    identifier = call.parameters.required("ImageId")
    uuid = call.inventory.uuid(ids.IMAGE, identifier)
    attribute = call.parameters.required("Attribute")
    with coded(missing=_MISSING):
        image = call.rooms.get("image", "images", uuid)
        if attribute == "description":
            value: Document = {"description": {"value": image.get("description", "")}}
        elif attribute == "launchPermission":
            value = {"launchPermission": _permissions(call, image)}
        elif attribute == "productCodes":
            value = {"productCodes": []}
        else:
            raise invalid("Attribute", attribute)
    return {"imageId": identifier, **value}


def _permissions(call: Call, image: Thing) -> list[dict[str, str]]:
    if image["visibility"] in ("public", "community"):
        return [{"group": "all"}]
    if image["visibility"] != "shared":
        return []
    members = call.rooms.get("image", "images", image["id"], "members")["members"]
    return [{"userId": member["member_id"]} for member in members]


def modify_attribute(call: Call) -> Document:
    """``ModifyImageAttribute``: its description, or who may start it."""
    parameters = call.parameters
    uuid = call.inventory.uuid(ids.IMAGE, parameters.required("ImageId"))
    with coded(missing=_MISSING, state="InvalidParameterValue"):
        if parameters.has("Description"):
            value = parameters.structure("Description").text("Value")
            _patch(call, uuid, {"op": "add", "path": "/description", "value": value})
        permissions = parameters.structure("LaunchPermission")
        for each in permissions.structures("Add"):
            _permit(call, uuid, each)
        for each in permissions.structures("Remove"):
            _forbid(call, uuid, each)
    return {"return": True}


def _permit(call: Call, uuid: str, each: Parameters) -> None:
    if each.text("Group"):
        _see(call, uuid, each, "public")
        return
    member = each.required("UserId")
    if call.rooms.get("image", "images", uuid)["visibility"] == "private":
        _patch(call, uuid, {"op": "replace", "path": "/visibility", "value": "shared"})
    with coded(duplicate="InvalidParameterValue"):
        body = {"member": member}
        call.rooms.post("image", "images", uuid, "members", body=body)


def _forbid(call: Call, uuid: str, each: Parameters) -> None:
    if each.text("Group"):
        _see(call, uuid, each, "shared")
        return
    call.rooms.delete("image", "images", uuid, "members", each.required("UserId"))


def _see(call: Call, uuid: str, each: Parameters, visibility: str) -> None:
    if each.text("Group") != "all":
        raise invalid("LaunchPermission.Group", each.text("Group"))
    _patch(call, uuid, {"op": "replace", "path": "/visibility", "value": visibility})


def _patch(call: Call, uuid: str, change: Mapping[str, str]) -> None:
    call.rooms.patch("image", "images", uuid, body=[change], kind=_PATCH)


ACTIONS = {
    "DescribeImages": Action(
        describe,
        "ImageId Owner ExecutableBy Filter MaxResults NextToken IncludeDeprecated"
        " IncludeDisabled",
    ),
    "CreateImage": Action(
        create, "InstanceId Name Description NoReboot TagSpecification"
    ),
    "DeregisterImage": Action(deregister, "ImageId DeleteAssociatedSnapshots"),
    "DescribeImageAttribute": Action(describe_attribute, "ImageId Attribute"),
    "ModifyImageAttribute": Action(
        modify_attribute, "ImageId Description LaunchPermission Attribute"
    ),
}
