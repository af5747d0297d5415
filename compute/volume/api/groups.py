"""Groups of volumes (3.13)."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.volume.api.frame import (
    DESCRIPTION,
    FLAG,
    NAME,
    UUID,
    Verb,
    accepted,
    body_of,
    is_true,
    minor_of,
    ok,
)
from compute.volume.api.listing import Listed, Lists
from compute.volume.api.volumes import named
from compute.volume.group_records import Group
from compute.volume.parts import Parts
from compute.volume.service.groups import TYPES_MAX, Groups
from compute.volume.views.groups import group_document
from objectstore.kernel.reply import Reply

SINCE, COPIES_SINCE, STATUS_SINCE, VOLUMES_SINCE = 13, 14, 20, 25
_MAYBE = {"anyOf": [UUID, {"type": "null"}]}
_KEY = {"type": "string", "minLength": 1, "maxLength": 255}
# Ids with commas between them: 32 volumes are 1,183 characters.
_IDS = {"type": ["string", "null"], "maxLength": 4000}
_STATUS = {
    "type": "object",
    "properties": {"status": {"type": "string", "maxLength": 32}},
    "required": ["status"],
    "additionalProperties": False,
}
CREATE = body_of(
    "group",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "group_type": _KEY,
        "volume_types": {
            "type": "array",
            "items": _KEY,
            "minItems": 1,
            "maxItems": TYPES_MAX,
        },
        "availability_zone": {"type": ["string", "null"], "maxLength": 255},
    },
    ("group_type", "volume_types"),
)
COPY = body_of(
    "create-from-src",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "group_snapshot_id": _MAYBE,
        "source_group_id": _MAYBE,
    },
)
UPDATE = body_of(
    "group",
    {
        "name": NAME,
        "description": DESCRIPTION,
        "add_volumes": _IDS,
        "remove_volumes": _IDS,
    },
)
REPLICATION = (
    "enable_replication",
    "disable_replication",
    "failover_replication",
    "list_replication_targets",
)
ACTION = Schema(
    {
        "type": "object",
        "properties": {
            "delete": {
                "type": "object",
                "properties": {"delete-volumes": FLAG},
                "additionalProperties": False,
            },
            "reset_status": _STATUS,
            **{name: {"type": ["object", "null"]} for name in REPLICATION},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
)
LISTED = Listed(
    "groups",
    "group:get_all",
    {
        "name": "name",
        "status": "status",
        "id": "id",
        "availability_zone": "availability_zone",
        "group_type": "group_type_id",
        "group_snapshot_id": "group_snapshot_id",
        "source_group_id": "source_group_id",
    },
    sortable={
        "id": "id",
        "name": "name",
        "status": "status",
        "group_type": "group_type_id",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)
# Of the query, and of nothing that is stored.
_LIST_VOLUME = "list_volume"


class GroupsApi:
    """Handlers."""

    def __init__(self, parts: Parts, groups: Groups) -> None:
        self._parts = parts
        self._groups = groups
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/groups/{group_id}"
        return [
            Verb("GET", "/groups", self.index, SINCE),
            Verb("POST", "/groups", self.create, SINCE),
            Verb("GET", "/groups/detail", self.detail, SINCE),
            Verb("POST", "/groups/action", self.copy, COPIES_SINCE),
            Verb("GET", one, self.show, SINCE),
            Verb("PUT", one, self.update, SINCE),
            Verb("POST", f"{one}/action", self.act, SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /groups."""
        rows = self._parts.stores.groups
        return self._lists.answer(
            call, rows, LISTED, lambda found: [_brief(each) for each in found]
        )

    def detail(self, call: ApiCall) -> Reply:
        """GET /groups/detail."""
        rows = self._parts.stores.groups
        return self._lists.answer(
            call, rows, LISTED, lambda found: self._documents(call, found)
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /groups/{group_id}."""
        key = call.parameters["group_id"]
        found = self._parts.database.read(
            lambda it: self._parts.group(it, call.context, key, "group:get")
        )
        return ok({"group": self._documents(call, [found])[0]})

    def create(self, call: ApiCall) -> Reply:
        """POST /groups."""
        body = call.json(CREATE)["group"]
        made = self._groups.create(
            call.context,
            body["group_type"],
            body["volume_types"],
            body.get("availability_zone") or "",
            _texts(body),
        )
        return accepted({"group": _brief(made)})

    def copy(self, call: ApiCall) -> Reply:
        """POST /groups/action: from a snapshot of a group, or from a group."""
        body = call.json(COPY)["create-from-src"]
        made = self._groups.create_of(
            call.context,
            body.get("group_snapshot_id") or "",
            body.get("source_group_id") or "",
            _texts(body),
        )
        return accepted({"group": _brief(made)})

    def update(self, call: ApiCall) -> Reply:
        """PUT /groups/{group_id}."""
        body = call.json(UPDATE)["group"]
        values = named(body)
        added, removed = _ids(body, "add_volumes"), _ids(body, "remove_volumes")
        if not (values or added or removed):
            raise BadRequest(
                "Invalid input received: name, description, add_volumes and"
                " remove_volumes can not be all empty in the request body."
            )
        if set(added) & set(removed):
            raise BadRequest("Invalid input received: a volume is added and removed")
        key = call.parameters["group_id"]
        self._groups.update(call.context, key, values, added, removed)
        return accepted()

    def act(self, call: ApiCall) -> Reply:
        """POST /groups/{group_id}/action."""
        ((name, value),) = call.json(ACTION).items()
        key = call.parameters["group_id"]
        if name == "delete":
            flag = is_true(value.get("delete-volumes", False))
            self._groups.delete(call.context, key, with_volumes=flag)
        elif name == "reset_status":
            if minor_of(call) < STATUS_SINCE:
                raise NotFound("The resource could not be found.")
            self._groups.reset_status(call.context, key, value["status"])
        else:
            raise BadRequest("Invalid Group: groups are not replicated here.")
        return accepted()

    def _documents(self, call: ApiCall, found: list[Group]) -> list[dict[str, Any]]:
        minor, volumes = minor_of(call), self._parts.stores.volumes
        if minor < VOLUMES_SINCE or not call.query.flag(_LIST_VOLUME):
            return [group_document(each, minor) for each in found]
        ids = [each.id for each in found]
        members = self._parts.database.read(lambda it: volumes.all(it, group_id=ids))
        return [
            group_document(
                group, minor, [each.id for each in members if each.group_id == group.id]
            )
            for group in found
        ]


def _texts(body: dict[str, Any]) -> dict[str, Any]:
    found = named(body)
    return {"name": found.get("name", ""), "description": found.get("description")}


def _ids(body: dict[str, Any], name: str) -> list[str]:
    found = [each.strip() for each in (body.get(name) or "").split(",")]
    return list(dict.fromkeys(each for each in found if each))


def _brief(group: Group) -> dict[str, Any]:
    return {"id": group.id, "name": group.name}
