"""Snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.volume.api.frame import (
    DESCRIPTION,
    FLAG,
    META_BODY,
    METADATA,
    METADATA_BODY,
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
from compute.volume.api.presenting import Presenter
from compute.volume.api.volume_metadata import without
from compute.volume.api.volumes import named
from compute.volume.parts import Parts
from compute.volume.records import Snapshot
from compute.volume.service.managing import Managing
from compute.volume.service.snapshot_shares import as_seen, usable_snapshot
from compute.volume.service.snapshots import Snapshots
from compute.volume.views.volumes import snapshot_document
from objectstore.kernel.reply import Reply

FORCE_IMPLIED_SINCE = 66
_TEXTS = {
    "name": NAME,
    "display_name": NAME,
    "description": DESCRIPTION,
    "display_description": DESCRIPTION,
}
_STATUS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"status": {"type": "string", "maxLength": 32}},
    "required": ["status"],
}
CREATE = body_of(
    "snapshot",
    {
        **_TEXTS,
        "volume_id": {"anyOf": [UUID, {"type": "null"}]},
        "force": FLAG,
        "metadata": METADATA,
    },
    ("volume_id",),
)
UPDATE = body_of("snapshot", _TEXTS)
ACTION = Schema(
    {
        "type": "object",
        "properties": {
            "os-reset_status": _STATUS,
            "os-force_delete": {"type": ["object", "null"]},
            "os-unmanage": {"type": ["object", "null"]},
            "os-update_snapshot_status": {
                **_STATUS,
                "properties": {
                    **_STATUS["properties"],
                    "progress": {"type": "string", "pattern": "^[0-9]{1,3}%$"},
                },
            },
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
)
LISTED = Listed(
    "snapshots",
    "volume:get_all_snapshots",
    {
        "name": "name",
        "display_name": "name",
        "status": "status",
        "volume_id": "volume_id",
        "id": "id",
        "user_id": "user_id",
    },
    {"metadata": "metadata"},
    {
        "id": "id",
        "name": "name",
        "display_name": "name",
        "status": "status",
        "volume_id": "volume_id",
        "size": "size_gib",
        "volume_size": "size_gib",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


class SnapshotsApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        snapshots: Snapshots,
        managing: Managing,
        presenter: Presenter,
    ) -> None:
        self._parts = parts
        self._snapshots = snapshots
        self._managing = managing
        self._presenter = presenter
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/snapshots/{snapshot_id}"
        pair = f"{one}/metadata/{{key}}"
        return [
            Verb("GET", "/snapshots", self.index),
            Verb("POST", "/snapshots", self.create),
            Verb("GET", "/snapshots/detail", self.detail),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
            Verb("POST", f"{one}/action", self.act),
            Verb("GET", f"{one}/metadata", self.metadata),
            Verb("POST", f"{one}/metadata", self.add_metadata),
            Verb("PUT", f"{one}/metadata", self.set_metadata),
            Verb("GET", pair, self.show_pair),
            Verb("PUT", pair, self.set_pair),
            Verb("DELETE", pair, self.delete_pair),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /snapshots."""
        return self._list(call, detail=False)

    def detail(self, call: ApiCall) -> Reply:
        """GET /snapshots/detail."""
        return self._list(call, detail=True)

    def _list(self, call: ApiCall, *, detail: bool) -> Reply:
        def show(found: list[Snapshot]) -> list[dict[str, Any]]:
            shown = self._presenter.shown(call)
            return [snapshot_document(each, shown, detail=detail) for each in found]

        return self._lists.answer(call, self._parts.stores.snapshots, LISTED, show)

    def show(self, call: ApiCall) -> Reply:
        """GET /snapshots/{snapshot_id}: one's own, or what others share."""
        return ok(self._shown(call, self._usable(call), detail=True))

    def _snapshot(self, call: ApiCall) -> Snapshot:
        key, rule = call.parameters["snapshot_id"], "volume:get_snapshot"
        return self._parts.database.read(
            lambda connection: self._parts.snapshot(connection, call.context, key, rule)
        )

    def _usable(self, call: ApiCall) -> Snapshot:
        key, context = call.parameters["snapshot_id"], call.context
        found = self._parts.database.read(
            lambda connection: usable_snapshot(self._parts, connection, context, key)
        )
        return as_seen(context, found)

    def _shown(self, call: ApiCall, snapshot: Snapshot, *, detail: bool) -> Any:
        shown = self._presenter.shown(call)
        return {"snapshot": snapshot_document(snapshot, shown, detail=detail)}

    def create(self, call: ApiCall) -> Reply:
        """POST /snapshots."""
        body = call.json(CREATE)["snapshot"]
        force = is_true(body.get("force", False))
        if minor_of(call) >= FORCE_IMPLIED_SINCE:
            if "force" in body and not force:
                raise BadRequest(
                    "Invalid value for 'force'. The 'force' flag is invalid for this"
                    " version: a snapshot of an attached volume is always taken"
                )
            force = True
        snapshot = self._snapshots.create(
            call.context, body["volume_id"] or "", named(body), force=force
        )
        return accepted(self._shown(call, snapshot, detail=False))

    def update(self, call: ApiCall) -> Reply:
        """PUT /snapshots/{snapshot_id}."""
        values = named(call.json(UPDATE)["snapshot"])
        if not values:
            raise BadRequest("Invalid input received: nothing to update")
        key = call.parameters["snapshot_id"]
        found = self._snapshots.change(call.context, key, lambda before: values)
        return ok(self._shown(call, found, detail=False))

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /snapshots/{snapshot_id}."""
        self._snapshots.delete(call.context, call.parameters["snapshot_id"])
        return accepted()

    def act(self, call: ApiCall) -> Reply:
        """POST /snapshots/{snapshot_id}/action."""
        ((name, value),) = call.json(ACTION).items()
        key = call.parameters["snapshot_id"]
        if name == "os-force_delete":
            self._snapshots.delete(call.context, key, force=True)
        elif name == "os-unmanage":
            self._managing.unmanage_snapshot(call.context, key)
        elif name == "os-update_snapshot_status":
            self._snapshots.tell_status(call.context, key, value)
        else:
            self._snapshots.reset_status(call.context, key, value["status"])
        return accepted()

    # ---- metadata --------------------------------------------------------------

    def metadata(self, call: ApiCall) -> Reply:
        """GET .../metadata."""
        return ok({"metadata": dict(self._snapshot(call).metadata)})

    def add_metadata(self, call: ApiCall) -> Reply:
        """POST .../metadata."""
        given = call.json(METADATA_BODY)["metadata"]
        return self._write(call, lambda before: {**before, **given})

    def set_metadata(self, call: ApiCall) -> Reply:
        """PUT .../metadata."""
        given = call.json(METADATA_BODY)["metadata"]
        return self._write(call, lambda before: given)

    def _write(self, call: ApiCall, decide: Any) -> Reply:
        found = self._snapshots.change(
            call.context,
            call.parameters["snapshot_id"],
            lambda snapshot: {"metadata": decide(dict(snapshot.metadata))},
        )
        return ok({"metadata": dict(found.metadata)})

    def show_pair(self, call: ApiCall) -> Reply:
        """GET .../metadata/{key}."""
        key, found = call.parameters["key"], dict(self._snapshot(call).metadata)
        without(found, key)
        return ok({"meta": {key: found[key]}})

    def set_pair(self, call: ApiCall) -> Reply:
        """PUT .../metadata/{key}."""
        given, key = call.json(META_BODY)["meta"], call.parameters["key"]
        if set(given) != {key}:
            raise BadRequest("Request body and URI mismatch")
        self._write(call, lambda before: {**before, **given})
        return ok({"meta": given})

    def delete_pair(self, call: ApiCall) -> Reply:
        """DELETE .../metadata/{key}."""
        key = call.parameters["key"]
        self._write(call, lambda before: without(before, key))
        return ok()
