"""Backups."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.volume.api.frame import (
    DESCRIPTION,
    FLAG,
    METADATA,
    NAME,
    STATUS_OR_DELETION,
    UUID,
    Verb,
    accepted,
    body_of,
    is_true,
    links,
    minor_of,
    ok,
)
from compute.volume.api.listing import Listed, Lists
from compute.volume.parts import Parts
from compute.volume.records import Backup
from compute.volume.service.backups import Backups
from objectstore.kernel.reply import Reply

UPDATE_SINCE, PROJECT_SINCE, METADATA_SINCE, ZONE_SINCE, USER_SINCE = 9, 18, 43, 51, 56
_ID = {"anyOf": [UUID, {"type": "null"}]}
CREATE = body_of(
    "backup",
    {
        "volume_id": UUID,
        "name": NAME,
        "description": DESCRIPTION,
        "container": {"type": ["string", "null"], "maxLength": 255},
        "incremental": FLAG,
        "force": FLAG,
        "snapshot_id": _ID,
        "metadata": METADATA,
        "availability_zone": {"type": ["string", "null"], "maxLength": 255},
    },
    ("volume_id",),
)
UPDATE = body_of(
    "backup", {"name": NAME, "description": DESCRIPTION, "metadata": METADATA}
)
RESTORE = body_of("restore", {"volume_id": _ID, "name": NAME})
LISTED = Listed(
    "backups",
    "backup:get",
    {
        "name": "name",
        "status": "status",
        "volume_id": "volume_id",
        "snapshot_id": "snapshot_id",
        "id": "id",
    },
    {"metadata": "metadata"},
    {
        "id": "id",
        "name": "name",
        "status": "status",
        "size": "size_gib",
        "volume_id": "volume_id",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


class BackupsApi:
    """Handlers."""

    def __init__(self, parts: Parts, backups: Backups) -> None:
        self._parts = parts
        self._backups = backups
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/backups/{backup_id}"
        return [
            Verb("GET", "/backups", self.index),
            Verb("POST", "/backups", self.create),
            Verb("GET", "/backups/detail", self.detail),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update, UPDATE_SINCE),
            Verb("DELETE", one, self.delete),
            Verb("POST", f"{one}/restore", self.restore),
            Verb("POST", f"{one}/action", self.act),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /backups."""
        rows = self._parts.stores.backups
        return self._lists.answer(
            call, rows, LISTED, lambda found: [_brief(call, each) for each in found]
        )

    def detail(self, call: ApiCall) -> Reply:
        """GET /backups/detail."""
        rows = self._parts.stores.backups
        return self._lists.answer(
            call, rows, LISTED, lambda found: self._documents(call, found)
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /backups/{backup_id}."""
        key = call.parameters["backup_id"]
        found = self._parts.database.read(
            lambda connection: self._parts.backup(
                connection, call.context, key, "backup:get"
            )
        )
        return ok({"backup": self._documents(call, [found])[0]})

    def create(self, call: ApiCall) -> Reply:
        """POST /backups."""
        body, minor = call.json(CREATE)["backup"], minor_of(call)
        values: dict[str, Any] = {
            "name": body.get("name"),
            "description": body.get("description"),
        }
        if minor >= METADATA_SINCE:
            values["metadata"] = body.get("metadata")
        if minor >= ZONE_SINCE:
            values["availability_zone"] = body.get("availability_zone")
        found = self._backups.create(
            call.context,
            body["volume_id"],
            values,
            force=is_true(body.get("force", False)),
            incremental=is_true(body.get("incremental", False)),
            snapshot_id=body.get("snapshot_id") or "",
        )
        return accepted({"backup": _brief(call, found)})

    def update(self, call: ApiCall) -> Reply:
        """PUT /backups/{backup_id}."""
        body = dict(call.json(UPDATE)["backup"])
        if minor_of(call) < METADATA_SINCE:
            body.pop("metadata", None)
        if not body:
            raise BadRequest("Missing required element 'backup' in request body.")
        if "name" in body:
            body["name"] = body["name"] or ""
        if "metadata" in body:
            body["metadata"] = body["metadata"] or {}
        key = call.parameters["backup_id"]
        found = self._backups.update(call.context, key, body)
        return ok({"backup": _brief(call, found)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /backups/{backup_id}."""
        self._backups.delete(call.context, call.parameters["backup_id"])
        return accepted()

    def restore(self, call: ApiCall) -> Reply:
        """POST /backups/{backup_id}/restore."""
        body = call.json(RESTORE)["restore"]
        backup, volume = self._backups.restore(
            call.context,
            call.parameters["backup_id"],
            body.get("volume_id") or "",
            body.get("name") or "",
        )
        found = {
            "backup_id": backup.id,
            "volume_id": volume.id,
            "volume_name": volume.name,
        }
        return accepted({"restore": found})

    def act(self, call: ApiCall) -> Reply:
        """POST /backups/{backup_id}/action."""
        ((name, value),) = call.json(STATUS_OR_DELETION).items()
        key = call.parameters["backup_id"]
        if name == "os-force_delete":
            self._backups.delete(call.context, key, force=True)
        else:
            self._backups.reset_status(call.context, key, value["status"])
        return accepted()

    def _documents(self, call: ApiCall, backups: list[Backup]) -> list[dict[str, Any]]:
        rows, ids = self._parts.stores.backups, [each.id for each in backups]

        def look(connection: Connection) -> set[str]:
            return {each.parent_id for each in rows.all(connection, parent_id=ids)}

        parents = self._parts.database.read(look)
        return [_document(call, each, each.id in parents) for each in backups]


def _brief(call: ApiCall, backup: Backup) -> dict[str, Any]:
    return {
        "id": backup.id,
        "name": backup.name,
        "links": links(call, "backups", backup.id),
    }


def _document(call: ApiCall, backup: Backup, is_parent: bool) -> dict[str, Any]:
    minor = minor_of(call)
    found: dict[str, Any] = {
        **_brief(call, backup),
        "description": backup.description,
        "status": backup.status,
        "size": backup.size_gib,
        "object_count": backup.object_count,
        "container": backup.container,
        "availability_zone": backup.availability_zone,
        "created_at": iso_micro(backup.created_at),
        "updated_at": iso_micro(backup.updated_at),
        "fail_reason": backup.fail_reason,
        "volume_id": backup.volume_id,
        "snapshot_id": backup.snapshot_id or None,
        "is_incremental": bool(backup.parent_id),
        "has_dependent_backups": is_parent,
        "data_timestamp": iso_micro(backup.data_at),
    }
    if minor >= PROJECT_SINCE:
        found["os-backup-project-attr:project_id"] = backup.project_id
    if minor >= METADATA_SINCE:
        found["metadata"] = dict(backup.metadata)
    if minor >= USER_SINCE:
        found["user_id"] = backup.user_id
    if minor >= 64:
        found["encryption_key_id"] = backup.encryption_key_id or None
    return found
