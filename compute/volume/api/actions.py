"""POST /volumes/{id}/action: what may be done with a volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
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
from compute.volume.api.older_actions import ANY_OBJECT, Act, OlderActions, object_of
from compute.volume.api.presenting import Presenter
from compute.volume.api.volume_metadata import without
from compute.volume.parts import Parts
from compute.volume.service.managing import Managing
from compute.volume.service.migrations import Migrations
from compute.volume.service.orders import VolumeOrders
from compute.volume.service.reimaging import Reimaging
from compute.volume.service.retyping import Retyping
from compute.volume.service.volumes import Volumes
from objectstore.kernel.reply import Reply

EXTEND_ATTACHED_SINCE, REVERT_SINCE, IMAGE_FACTS_SINCE = 42, 40, 1
REIMAGE_SINCE, COMPLETION_SINCE = 68, 71
COMPLETION_RULE = "volume_extension:volume_actions:extend_volume_completion"
_TEXT = {"type": "string", "minLength": 1, "maxLength": 255}
_SIZE = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1}
_STATUS = {"type": ["string", "null"], "maxLength": 32}

# What each action is given, beside those of ``older_actions``.
_VALUES: Mapping[str, Mapping[str, Any]] = {
    "os-extend": object_of({"new_size": _SIZE}, ("new_size",)),
    "os-reset_status": object_of(
        {"status": _STATUS, "attach_status": _STATUS, "migration_status": _STATUS}
    ),
    "os-force_delete": ANY_OBJECT,
    "os-set_bootable": object_of({"bootable": FLAG}, ("bootable",)),
    "os-update_readonly_flag": object_of({"readonly": FLAG}, ("readonly",)),
    "os-retype": object_of(
        {
            "new_type": _TEXT,
            "migration_policy": {"enum": ["never", "on-demand", None]},
        },
        ("new_type",),
    ),
    "os-migrate_volume": object_of(
        {
            "host": {"type": ["string", "null"], "maxLength": 255},
            "cluster": {"type": ["string", "null"], "maxLength": 255},
            "force_host_copy": FLAG,
            "lock_volume": FLAG,
        }
    ),
    "os-migrate_volume_completion": object_of(
        {"new_volume": UUID, "error": {"anyOf": [FLAG, {"type": "null"}]}},
        ("new_volume",),
    ),
    "revert": object_of({"snapshot_id": UUID}, ("snapshot_id",)),
    "os-volume_upload_image": object_of(
        {
            "image_name": _TEXT,
            "force": FLAG,
            "container_format": _TEXT,
            "disk_format": _TEXT,
            "visibility": {"enum": ["community", "public", "private", "shared"]},
            "protected": FLAG,
        },
        ("image_name",),
    ),
    "os-set_image_metadata": object_of(
        {"metadata": {**METADATA, "type": "object"}}, ("metadata",)
    ),
    "os-unset_image_metadata": object_of({"key": _TEXT}, ("key",)),
    "os-show_image_metadata": ANY_OBJECT,
    "os-unmanage": ANY_OBJECT,
    "os-reimage": object_of(
        {"image_id": UUID, "reimage_reserved": FLAG}, ("image_id",)
    ),
    "os-extend_volume_completion": object_of({"error": FLAG}),
}


class ActionsApi:
    """Handlers; ``actions``: by name, the schema of the body and who does it."""

    def __init__(
        self,
        parts: Parts,
        volumes: Volumes,
        retyping: Retyping,
        orders: VolumeOrders,
        older: OlderActions,
        managing: Managing,
        migrations: Migrations,
        reimaging: Reimaging,
        presenter: Presenter,
    ) -> None:
        self._parts = parts
        self._volumes = volumes
        self._retyping = retyping
        self._orders = orders
        self._managing = managing
        self._migrations = migrations
        self._reimaging = reimaging
        self._presenter = presenter
        acts: dict[str, Act] = {
            "os-extend": self._extend,
            "os-reset_status": self._reset_status,
            "os-force_delete": self._force_delete,
            "os-set_bootable": self._boot,
            "os-update_readonly_flag": self._read_only,
            "os-retype": self._retype,
            "os-migrate_volume": self._migrate,
            "os-migrate_volume_completion": self._complete_migration,
            "revert": self._revert,
            "os-volume_upload_image": self._upload,
            "os-set_image_metadata": self._set_image_metadata,
            "os-unset_image_metadata": self._unset_image_metadata,
            "os-show_image_metadata": self._show_image_metadata,
            "os-unmanage": self._unmanage,
            "os-reimage": self._reimage,
            "os-extend_volume_completion": self._complete_extension,
        }
        plain = older.actions() | {
            name: (_VALUES[name], act) for name, act in acts.items()
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
        self._orders.extend(call.context, key, size, attached=attached)
        return accepted()

    def _reset_status(self, call: ApiCall, key: str, value: Any) -> Reply:
        given = {name: each for name, each in value.items() if each}
        if not given:
            raise BadRequest("Invalid input received: no status is given")
        self._volumes.reset_status(call.context, key, given)
        return accepted()

    def _force_delete(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._orders.delete(call.context, key, force=True)
        return accepted()

    def _unmanage(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._managing.unmanage(call.context, key)
        return accepted()

    def _reimage(self, call: ApiCall, key: str, value: Any) -> Reply:
        if minor_of(call) < REIMAGE_SINCE:
            raise NotFound("There is no such action: os-reimage")
        reserved = is_true(value.get("reimage_reserved", False))
        image_id = value["image_id"]
        self._reimaging.reimage(call.context, key, image_id, reserved=reserved)
        return accepted()

    def _complete_extension(self, call: ApiCall, key: str, value: Any) -> Reply:
        """What grows here is done by a job of the volume host, which waits for nobody's
        word."""
        if minor_of(call) < COMPLETION_SINCE:
            raise NotFound("There is no such action: os-extend_volume_completion")
        self._parts.database.read(
            lambda connection: self._parts.volume(
                connection, call.context, key, COMPLETION_RULE
            )
        )
        raise BadRequest(f"Invalid volume: no extension of {key} waits to be completed")

    def _boot(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.set_bootable(call.context, key, is_true(value["bootable"]))
        return ok()

    def _read_only(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._volumes.set_read_only(call.context, key, is_true(value["readonly"]))
        return accepted()

    def _retype(self, call: ApiCall, key: str, value: Any) -> Reply:
        policy = value.get("migration_policy") or "never"
        self._retyping.retype(call.context, key, value["new_type"], policy)
        return accepted()

    def _migrate(self, call: ApiCall, key: str, value: Any) -> Reply:
        """Bytes are always copied from host to host, forced or not."""
        host = value.get("host")
        if not host or value.get("cluster"):
            raise BadRequest(
                "Invalid input received: a host must be said, and no cluster"
            )
        locked = is_true(value.get("lock_volume", False))
        self._migrations.migrate(call.context, key, host, locked=locked)
        return accepted()

    def _complete_migration(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._migrations.complete(call.context, key)
        return accepted()

    def _revert(self, call: ApiCall, key: str, value: Any) -> Reply:
        if minor_of(call) < REVERT_SINCE:
            raise NotFound("There is no such action: revert")
        self._orders.revert(call.context, key, value["snapshot_id"])
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
        volume, created = self._orders.upload(call.context, key, image, force=force)
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
        volume = self._parts.database.read(
            lambda connection: self._parts.volume(connection, call.context, key, rule)
        )
        return ok({"metadata": dict(volume.image_metadata)})


def _schema(name: str, value: Mapping[str, Any]) -> Schema:
    return Schema({"type": "object", "properties": {name: dict(value)}})
