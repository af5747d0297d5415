"""Volumes of servers: list, show, attach, swap or change, detach."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, NotFound
from compute.instance.block_devices import BlockDevice, find_volume, volumes_of
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.records import Server
from compute.instance.schemas.types import is_true
from compute.instance.schemas.volumes import ATTACH, UPDATE
from compute.instance.service.attached import NewAttachment
from compute.instance.service.volumes import RULE, SWAP, ServerVolumes
from compute.instance.service.volumes import UPDATE as UPDATE_RULE
from compute.instance.views.volumes import attached_view, attachment_view
from objectstore.kernel.reply import Reply

INDEX, SHOW = f"{RULE}:index", f"{RULE}:show"
# From here on an update may be about the attachment, and not only swap its volume.
CHANGE_SINCE = 85


class VolumeAttachmentsApi:
    """Handlers."""

    def __init__(self, volumes: ServerVolumes) -> None:
        self._volumes = volumes

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/servers/{server_id}/os-volume_attachments"
        one = f"{many}/{{volume_id}}"
        return [
            Verb("GET", many, self.index),
            Verb("POST", many, self.attach),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.detach),
        ]

    def _server(self, call: ApiCall, rule: str) -> Server:
        return self._volumes.visible(call.context, call.parameters["server_id"], rule)

    def index(self, call: ApiCall) -> Reply:
        """GET .../os-volume_attachments."""
        server = self._server(call, INDEX)
        found = volumes_of(server.block_devices)
        start, limit = _count(call, "offset", 0), _count(call, "limit", len(found))
        minor = minor_of(call)
        return ok(
            {
                "volumeAttachments": [
                    attachment_view(server.id, each, minor)
                    for each in found[start : start + limit]
                ]
            }
        )

    def show(self, call: ApiCall) -> Reply:
        """GET .../os-volume_attachments/{volume}."""
        server = self._server(call, SHOW)
        device = find_volume(server.block_devices, call.parameters["volume_id"])
        if device is None:
            raise NotFound(
                f"Instance {server.id} is not attached to volume"
                f" {call.parameters['volume_id']}"
            )
        view = attachment_view(server.id, device, minor_of(call))
        return ok({"volumeAttachment": view})

    def attach(self, call: ApiCall) -> Reply:
        """POST .../os-volume_attachments."""
        body = ATTACH.read(call)["volumeAttachment"]
        new = NewAttachment(
            body["volumeId"],
            body.get("device") or "",
            body.get("tag", ""),
            is_true(body.get("delete_on_termination", False)),
            minor_of(call),
        )
        server_id = call.parameters["server_id"]
        device = self._volumes.attach(call.context, server_id, new)
        view = attached_view(server_id, device, minor_of(call))
        return ok({"volumeAttachment": view})

    def update(self, call: ApiCall) -> Reply:
        """PUT .../os-volume_attachments/{volume}: another volume, or what becomes of
        this one at the server's end."""
        body = UPDATE.read(call)["volumeAttachment"]
        server_id, volume_id = (
            call.parameters["server_id"],
            call.parameters["volume_id"],
        )
        if body["volumeId"] != volume_id:
            self._volumes.swap(call.context, server_id, volume_id, body["volumeId"])
            return accepted()
        if minor_of(call) < CHANGE_SINCE:
            self._server(call, SWAP)
            raise BadRequest("volumeId: a volume cannot be swapped with itself")
        server = self._server(call, UPDATE_RULE)
        _check_unchanged(self._volumes.device(server, volume_id), server_id, body)
        if "delete_on_termination" in body:
            self._volumes.set_delete_on_termination(
                call.context,
                server_id,
                volume_id,
                is_true(body["delete_on_termination"]),
            )
        return accepted()

    def detach(self, call: ApiCall) -> Reply:
        """DELETE .../os-volume_attachments/{volume}."""
        found = call.parameters
        self._volumes.detach(call.context, found["server_id"], found["volume_id"])
        return accepted()


def _check_unchanged(device: BlockDevice, server_id: str, body: Any) -> None:
    """What cannot be changed is as it was.  ``BadRequest``."""
    now = {
        "id": device.volume_id,
        "serverId": server_id,
        "device": device.device,
        "tag": device.tag,
    }
    for key, value in now.items():
        if key in body and (body[key] or "") != value:
            raise BadRequest(
                f"The {key} property of the volume attachment is not allowed to change"
            )


def _count(call: ApiCall, name: str, default: int) -> int:
    text = call.query.one(name)
    if not text:
        return default
    if not text.isdecimal():
        raise BadRequest(f"{name} must be a whole number, not {text!r}")
    return int(text)
