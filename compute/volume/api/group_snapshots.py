"""Snapshots of groups (3.14)."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.volume.api.frame import (
    DESCRIPTION,
    NAME,
    UUID,
    Verb,
    accepted,
    body_of,
    minor_of,
    ok,
)
from compute.volume.api.listing import Listed, Lists
from compute.volume.api.volumes import named
from compute.volume.group_records import GroupSnapshot
from compute.volume.parts import Parts
from compute.volume.service.group_snapshots import GroupSnapshots
from compute.volume.views.groups import group_snapshot_document
from objectstore.kernel.reply import Reply

SINCE, STATUS_SINCE = 14, 19
CREATE = body_of(
    "group_snapshot",
    {"name": NAME, "description": DESCRIPTION, "group_id": UUID},
    ("group_id",),
)
ACTION = Schema(
    {
        "type": "object",
        "properties": {
            "reset_status": {
                "type": "object",
                "properties": {"status": {"type": "string", "maxLength": 32}},
                "required": ["status"],
                "additionalProperties": False,
            }
        },
        "required": ["reset_status"],
        "additionalProperties": False,
    }
)
LISTED = Listed(
    "group_snapshots",
    "group:get_all_group_snapshots",
    {
        "name": "name",
        "status": "status",
        "id": "id",
        "group_id": "group_id",
        "group_type_id": "group_type_id",
    },
    sortable={
        "id": "id",
        "name": "name",
        "status": "status",
        "group_id": "group_id",
        "group_type_id": "group_type_id",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


class GroupSnapshotsApi:
    """Handlers."""

    def __init__(self, parts: Parts, snapshots: GroupSnapshots) -> None:
        self._parts = parts
        self._snapshots = snapshots
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/group_snapshots/{group_snapshot_id}"
        return [
            Verb("GET", "/group_snapshots", self.index, SINCE),
            Verb("POST", "/group_snapshots", self.create, SINCE),
            Verb("GET", "/group_snapshots/detail", self.detail, SINCE),
            Verb("GET", one, self.show, SINCE),
            Verb("DELETE", one, self.delete, SINCE),
            Verb("POST", f"{one}/action", self.act, STATUS_SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /group_snapshots."""
        return self._list(call, _brief)

    def detail(self, call: ApiCall) -> Reply:
        """GET /group_snapshots/detail."""
        minor = minor_of(call)
        return self._list(call, lambda each: group_snapshot_document(each, minor))

    def _list(self, call: ApiCall, show: Any) -> Reply:
        rows = self._parts.stores.group_snapshots
        return self._lists.answer(
            call, rows, LISTED, lambda found: [show(each) for each in found]
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /group_snapshots/{group_snapshot_id}."""
        key, rule = call.parameters["group_snapshot_id"], "group:get_group_snapshot"
        found = self._parts.database.read(
            lambda it: self._parts.group_snapshot(it, call.context, key, rule)
        )
        return ok({"group_snapshot": group_snapshot_document(found, minor_of(call))})

    def create(self, call: ApiCall) -> Reply:
        """POST /group_snapshots."""
        body = call.json(CREATE)["group_snapshot"]
        texts = named(body)
        values = {
            "name": texts.get("name", ""),
            "description": texts.get("description"),
        }
        made = self._snapshots.create(call.context, body["group_id"], values)
        return accepted({"group_snapshot": _brief(made)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /group_snapshots/{group_snapshot_id}."""
        self._snapshots.delete(call.context, call.parameters["group_snapshot_id"])
        return accepted()

    def act(self, call: ApiCall) -> Reply:
        """POST /group_snapshots/{group_snapshot_id}/action."""
        status = call.json(ACTION)["reset_status"]["status"]
        if not status:
            raise BadRequest("Must specify 'status'")
        key = call.parameters["group_snapshot_id"]
        self._snapshots.reset_status(call.context, key, status)
        return accepted()


def _brief(found: GroupSnapshot) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "group_type_id": found.group_type_id,
    }
