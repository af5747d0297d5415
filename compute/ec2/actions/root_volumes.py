"""``CreateReplaceRootVolumeTask``: an instance's root as an image has it.

The compute room rebuilds the server: its addresses, interfaces, keys and other volumes
stay.  What was on the root is written over, so an order has to say that it may go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from compute.core.rooms.paths import path_of, sentence_of
from compute.ec2 import ids, tagging
from compute.ec2.actions.instances import asked_servers
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, unsupported
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.frame.xml import moment_of
from compute.ec2.image_devices import devices_of
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.kept_things import Kept
from compute.ec2.rights import WRITERS
from compute.ec2.views.instances import IMAGE, origin_of
from objectstore.kernel.errors import Rejected

# From this version on a root volume is written to, too.
_VERSION = {
    "X-OpenStack-Nova-API-Version": "2.93",
    "Content-Type": "application/json",
}
_PENDING, _UNDER_WAY = "pending", "in-progress"
# Of a task: the compute room has taken the order.
_BEGUN = "begun"
_ENDINGS = {"ERROR": "failed", "REBUILD": _UNDER_WAY}

FILTERS: Mapping[str, Accessor] = {
    "instance-id": lambda shown: shown["instanceId"],
}


def create(call: Call) -> Document:
    """``CreateReplaceRootVolumeTask``."""
    parameters, inventory = call.parameters, call.inventory
    for name in ("SnapshotId", "VolumeId"):
        if parameters.has(name):
            raise unsupported(name, "A root is written from an image: say ImageId.")
    token = tagging.client_token(parameters)
    server = asked_servers(inventory, [parameters.required("InstanceId")])[0]
    for kept in _tasks(call).values():
        if token and kept.client_token == token:
            if not kept.content[_BEGUN]:
                # Whoever was to order it died before he could.
                return {"replaceRootVolumeTask": _shown(inventory, _begin(call, kept))}
            return {"replaceRootVolumeTask": _document(call, kept)}
    if not parameters.flag("DeleteReplacedRootVolume"):
        raise unsupported(
            "DeleteReplacedRootVolume",
            "The root is written over, and cannot be kept: it can be true.",
        )
    if server["status"] != "ACTIVE":
        text = f"The instance is {server['status'].lower()}, and not running"
        raise Ec2Error("IncorrectInstanceState", text)
    image = _image(call, server)
    tags = tagging.tags_of_type(parameters, tagging.ROOT_TASK_TYPE)
    kept = call.kept.add(
        call.signer,
        ids.ROOT_TASK,
        {"instance": server["id"], "image": image["id"], _BEGUN: False},
        tags,
        vpc=server["id"],
        token=token,
        # What is told of instances that are gone makes room.
        vpcs=[each["id"] for each in inventory.servers],
    )
    try:
        _begin(call, kept)
    except BaseException:
        call.kept.drop(call.signer, [kept.id])
        raise
    return {"replaceRootVolumeTask": _shown(inventory, kept)}


def _begin(call: Call, kept: Kept) -> Kept:
    """Order what a task says, and note that it is ordered."""
    server = call.inventory.servers_by_id.get(kept.vpc)
    if server is None:
        raise Ec2Error("IncorrectInstanceState", "The instance is gone")
    if _ENDINGS.get(server["status"]) != _UNDER_WAY:
        _rebuild(call, server, str(kept.content["image"]))
    begun = replace(kept, content={**kept.content, _BEGUN: True})
    call.kept.change(
        call.signer, kept.id, lambda row: replace(row, content=begun.content)
    )
    return begun


def _image(call: Call, server: Thing) -> Thing:
    """The one that is asked for, or that the instance was started from."""
    if identifier := call.parameters.text("ImageId"):
        uuid = call.inventory.uuid(ids.IMAGE, identifier)
    else:
        uuid = origin_of(call.inventory, server)
    with coded(missing="InvalidAMIID.NotFound"):
        image: Thing = call.rooms.get("image", "images", uuid or "-")
    if image["status"] != "active":
        raise Ec2Error("InvalidAMIID.Unavailable", "The image is not available")
    if devices_of(image):
        raise unsupported("ImageId", "It stands for snapshots, and has no bytes.")
    return image


def _rebuild(call: Call, server: Thing, image: str) -> None:
    body = orjson.dumps({"rebuild": {"imageRef": image}})
    path = path_of(("servers", server["id"], "action"))
    with coded(missing="InvalidInstanceID.NotFound", state="IncorrectInstanceState"):
        status, _, raw = call.rooms.raw("compute", "POST", path, _VERSION, body)
        if status >= 500:
            raise call.rooms.away("compute", f"it answered {status}")
        if status >= 400:
            raise Rejected(status, sentence_of(orjson.loads(raw)) or "It is refused")
        if server["metadata"].get(IMAGE, image) != image:
            noted = {"metadata": {IMAGE: image}}
            call.rooms.post("compute", "servers", server["id"], "metadata", body=noted)


def describe(call: Call) -> Document:
    """``DescribeReplaceRootVolumeTasks``."""
    parameters, kind = call.parameters, ids.ROOT_TASK
    found = ids.named(_tasks(call), kind, parameters.texts("ReplaceRootVolumeTaskId"))
    shown = [_document(call, each) for each in found]
    shown = chosen(shown, asked_filters(parameters), FILTERS)
    key = "replaceRootVolumeTaskId"
    shown, token = page(parameters, shown, lambda each: str(each[key]), 1)
    return {"replaceRootVolumeTaskSet": shown, "nextToken": token}


def _tasks(call: Call) -> dict[str, Kept]:
    return call.kept.all(call.signer, ids.ROOT_TASK)


def _document(call: Call, kept: Kept) -> dict[str, Any]:
    """As it is now; who may write notes the end when he sees it."""
    if kept.content[_BEGUN] and "state" not in kept.content:
        server = call.inventory.servers_by_id.get(kept.vpc, {"status": "ERROR"})
        state = _ENDINGS.get(server["status"], "succeeded")
        if state != _UNDER_WAY:
            ended = {"state": state, "ended": call.inventory.now()}
            kept = replace(kept, content={**kept.content, **ended})
            if call.signer.roles & WRITERS:
                content = kept.content
                call.kept.change(
                    call.signer, kept.id, lambda row: replace(row, content=content)
                )
    return _shown(call.inventory, kept)


def _shown(inventory: Inventory, kept: Kept) -> dict[str, Any]:
    content = kept.content
    return {
        "replaceRootVolumeTaskId": kept.id,
        "instanceId": inventory.id_of(ids.INSTANCE, content["instance"]),
        "taskState": content.get("state", _UNDER_WAY if content[_BEGUN] else _PENDING),
        "startTime": moment_of(kept.created_at),
        "completeTime": moment_of(content["ended"]) if "ended" in content else None,
        "imageId": inventory.id_of(ids.IMAGE, content["image"]),
        "deleteReplacedRootVolume": True,
        "tagSet": tagging.set_of(kept.tags),
    }


ACTIONS = {
    "CreateReplaceRootVolumeTask": Action(
        create,
        "InstanceId ImageId SnapshotId VolumeId ClientToken DeleteReplacedRootVolume"
        " TagSpecification",
        is_alone=True,
    ),
    "DescribeReplaceRootVolumeTasks": Action(
        describe, "ReplaceRootVolumeTaskId Filter MaxResults NextToken"
    ),
}
