"""POST /volumes/{id}/action: what may be done with a volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.api import ApiCall
from compute.core.errors import BadRequest, NotFound
from compute.core.schema import Schema
from compute.image.client import NewImage
from compute.volume.api.frame import (
    FLAG,
    METADATA,
    UUID,
    Verb,
    accepted,
    is_true,
    minor_of,
    ok,
)
from compute.volume.api.presenting import Presenter
from compute.volume.api.volumes import without
from compute.volume.connection import READ_ONLY, READ_WRITE
from compute.volume.service.attachments import Attachments, connection_document
from compute.volume.service.volumes import Volumes
from compute.volume.wiring import Wiring
from objectstore.kernel.reply import Reply

EXTEND_ATTACHED_SINCE, REVERT_SINCE, IMAGE_FACTS_SINCE = 42, 40, 1
Act = Callable[[ApiCall, str, Any], Reply]
_ANY_OBJECT: Mapping[str, Any] = {"type": ["object", "null"]}
_CONNECTOR: Mapping[str, Any] = {
    "type": "object",
    "properties": {"connector": {"type": ["object", "null"]}},
    "required": ["connector"],
}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 255}


def _object(
    properties: Mapping[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


class ActionsApi:
    """Handlers; ``actions``: by name, the schema of its value and who does it."""

    def __init__(
        self,
        wiring: Wiring,
        volumes: Volumes,
        attachments: Attachments,
        presenter: Presenter,
    ) -> None:
        self._wiring = wiring
        self._volumes = volumes
        self._attachments = attachments
        self._presenter = presenter
        size = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1}
        device = {"type": ["string", "null"], "maxLength": 255}
        plain: dict[str, tuple[Mapping[str, Any], Act]] = {
            "os-extend": (_object({"new_size": size}, ("new_size",)), self._extend),
            "os-reset_status": (
                _object(
                    {
                        "status": {"type": ["string", "null"], "maxLength": 32},
                        "attach_status": {"type": ["string", "null"], "maxLength": 32},
                        "migration_status": {
                            "type": ["string", "null"],
                            "maxLength": 32,
                        },
                    }
                ),
                self._reset_status,
            ),
            "os-force_delete": (_ANY_OBJECT, self._force_delete),
            "os-set_bootable": (_object({"bootable": FLAG}, ("bootable",)), self._boot),
            "os-update_readonly_flag": (
                _object({"readonly": FLAG}, ("readonly",)),
                self._read_only,
            ),
            "os-retype": (
                _object(
                    {
                        "new_type": _TEXT,
                        "migration_policy": {"enum": ["never", "on-demand", None]},
                    },
                    ("new_type",),
                ),
                self._retype,
            ),
            "revert": (_object({"snapshot_id": UUID}, ("snapshot_id",)), self._revert),
            "os-volume_upload_image": (
                _object(
                    {
                        "image_name": _TEXT,
                        "force": FLAG,
                        "container_format": _TEXT,
                        "disk_format": _TEXT,
                        "visibility": {
                            "enum": ["community", "public", "private", "shared"]
                        },
                        "protected": FLAG,
                    },
                    ("image_name",),
                ),
                self._upload,
            ),
            "os-set_image_metadata": (
                _object({"metadata": {**METADATA, "type": "object"}}, ("metadata",)),
                self._set_image_metadata,
            ),
            "os-unset_image_metadata": (
                _object({"key": _TEXT}, ("key",)),
                self._unset_image_metadata,
            ),
            "os-show_image_metadata": (_ANY_OBJECT, self._show_image_metadata),
            "os-reserve": (_ANY_OBJECT, self._step("reserve", quiet=False)),
            "os-unreserve": (_ANY_OBJECT, self._step("unreserve", quiet=True)),
            "os-begin_detaching": (
                _ANY_OBJECT,
                self._step("begin_detaching", quiet=False),
            ),
            "os-roll_detaching": (
                _ANY_OBJECT,
                self._step("roll_detaching", quiet=True),
            ),
            "os-attach": (
                _object(
                    {
                        "instance_uuid": {"anyOf": [UUID, {"type": "null"}]},
                        "host_name": device,
                        "mountpoint": {"type": "string", "maxLength": 255},
                        "mode": {"enum": [READ_WRITE, READ_ONLY]},
                    },
                    ("mountpoint",),
                ),
                self._attach,
            ),
            "os-detach": (
                {
                    "type": ["object", "null"],
                    "properties": {
                        "attachment_id": {"anyOf": [UUID, {"type": "null"}]}
                    },
                },
                self._detach,
            ),
            "os-initialize_connection": (_CONNECTOR, self._initialize),
            "os-terminate_connection": (_CONNECTOR, self._terminate),
        }
        self.actions = {
            name: (_schema(name, value), act) for name, (value, act) in plain.items()
        }

    def verbs(self) -> list[Verb]:
        """The route."""
        return [Verb("POST", "/volumes/{volume_id}/action", self.act)]

    def act(self, call: ApiCall) -> Reply:
        """Find the action that the body names, and do it."""
        body = call.json()
        if not isinstance(body, dict) or len(body) != 1:
            raise BadRequest("There is no such action: one key is expected")
        (name,) = body
        found = self.actions.get(name)
        if found is None:
            raise BadRequest(f"There is no such action: {name}")
        schema, act = found
        schema.check(body)
        return act(call, call.parameters["volume_id"], body[name])

    # ---- the volume itself -----------------------------------------------------

    def _extend(self, call: ApiCall, key: str, value: Any) -> Reply:
        attached = minor_of(call) >= EXTEND_ATTACHED_SINCE
        size = int(value["new_size"])
        self._volumes.extend(call.context, key, size, attached=attached)
        return accepted()

    def _reset_status(self, call: ApiCall, key: str, value: Any) -> Reply:
        given = {name: each for name, each in value.items() if each}
        if not given:
            raise BadRequest("Invalid input received: no status is given")
        self._volumes.reset_status(call.context, key, given)
        return accepted()

    def _force_delete(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.delete(call.context, key, force=True)
        return accepted()

    def _boot(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.set_bootable(call.context, key, is_true(value["bootable"]))
        return ok()

    def _read_only(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.set_read_only(call.context, key, is_true(value["readonly"]))
        return accepted()

    def _retype(self, call: ApiCall, key: str, value: Any) -> Reply:
        policy = value.get("migration_policy") or "never"
        self._volumes.retype(call.context, key, value["new_type"], policy)
        return accepted()

    def _revert(self, call: ApiCall, key: str, value: Any) -> Reply:
        if minor_of(call) < REVERT_SINCE:
            raise NotFound("There is no such action: revert")
        self._volumes.revert(call.context, key, value["snapshot_id"])
        return accepted()

    def _upload(self, call: ApiCall, key: str, value: Any) -> Reply:
        newer = minor_of(call) >= IMAGE_FACTS_SINCE
        disk_format = value.get("disk_format") or "raw"
        if disk_format != "raw" or (value.get("container_format") or "bare") != "bare":
            raise BadRequest(
                "Invalid input received: volumes become images of disk_format raw"
                " and container_format bare"
            )
        image = NewImage(
            name=value["image_name"],
            disk_format=disk_format,
            visibility=value.get("visibility", "") if newer else "",
            protected=newer and is_true(value.get("protected", False)),
        )
        force = is_true(value.get("force", False))
        volume, created = self._volumes.upload(call.context, key, image, force=force)
        shown = self._presenter.volume(call, volume)["volume"]
        found = {
            "id": volume.id,
            "updated_at": shown["updated_at"],
            "status": volume.status,
            "display_description": volume.description,
            "size": volume.size_gib,
            "volume_type": shown["volume_type"],
            "image_id": created.id,
            "container_format": created.container_format,
            "disk_format": created.disk_format,
            "image_name": created.name,
        }
        if newer:
            found["visibility"] = created.visibility
            found["protected"] = created.protected
        return accepted({"os-volume_upload_image": found})

    # ---- what its image said ---------------------------------------------------

    def _set_image_metadata(self, call: ApiCall, key: str, value: Any) -> Reply:
        found = self._volumes.change_metadata(
            call.context,
            key,
            lambda before: {**before, **value["metadata"]},
            "image_metadata",
        )
        return ok({"metadata": found})

    def _unset_image_metadata(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.change_metadata(
            call.context,
            key,
            lambda before: without(before, value["key"]),
            "image_metadata",
        )
        return ok()

    def _show_image_metadata(self, call: ApiCall, key: str, value: Any) -> Reply:
        rule = "volume:get_volume_metadata"
        volume = self._wiring.database.read(
            lambda connection: self._wiring.volume(connection, call.context, key, rule)
        )
        return ok({"metadata": dict(volume.image_metadata)})

    # ---- attaching, the older way ----------------------------------------------

    def _step(self, action: str, *, quiet: bool) -> Act:
        def act(call: ApiCall, key: str, value: Any) -> Reply:
            self._volumes.step(call.context, key, action, quiet=quiet)
            return accepted()

        return act

    def _attach(self, call: ApiCall, key: str, value: Any) -> Reply:
        instance = value.get("instance_uuid") or ""
        host = value.get("host_name") or ""
        if bool(instance) == bool(host):
            raise BadRequest("Invalid request to attach volume to an invalid target")
        self._attachments.attach(
            call.context,
            key,
            instance,
            host,
            value["mountpoint"],
            value.get("mode", READ_WRITE),
        )
        return accepted()

    def _detach(self, call: ApiCall, key: str, value: Any) -> Reply:
        attachment_id = (value or {}).get("attachment_id") or ""
        self._attachments.detach(call.context, key, attachment_id)
        return accepted()

    def _initialize(self, call: ApiCall, key: str, value: Any) -> Reply:
        connector = value["connector"] or {}
        attachment = self._attachments.initialize(call.context, key, connector)
        return ok({"connection_info": connection_document(attachment)})

    def _terminate(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._attachments.terminate(call.context, key, value["connector"] or {})
        return accepted()


def _schema(name: str, value: Mapping[str, Any]) -> Schema:
    return Schema({"type": "object", "properties": {name: dict(value)}})
