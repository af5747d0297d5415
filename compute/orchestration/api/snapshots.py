"""``/stacks/{name}/{id}/snapshots``."""

from __future__ import annotations

import dataclasses
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest
from compute.core.instants import iso_z
from compute.orchestration.api import documents
from compute.orchestration.api.frame import STACK, Frame, key_of
from compute.orchestration.engine.snapshots import RESOURCES, WANTED
from compute.orchestration.model import Snapshot, Stack, Wanted
from compute.orchestration.service.snapshots import SnapshotService
from objectstore.kernel.reply import Reply

NAME_CHARACTERS_MAX = 255

_ONE = "/snapshots/{snapshot_id}"


class SnapshotsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._service = SnapshotService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        all_of = "/snapshots"
        return [
            route("GET", all_of, "stacks:list_snapshots", self.index, STACK),
            route("POST", all_of, "stacks:snapshot", self.take, STACK),
            route("GET", _ONE, "stacks:show_snapshot", self.show, STACK),
            route("DELETE", _ONE, "stacks:delete_snapshot", self.delete, STACK),
            route(
                "POST",
                f"{_ONE}/restore",
                "stacks:restore_snapshot",
                self.restore,
                STACK,
            ),
        ]

    def index(self, call: ApiCall) -> Reply:
        """The stack's."""
        stack = self._frame.stack(call)
        found = [_document(stack, each) for each in self._service.all(stack)]
        return json_reply(200, {"snapshots": found})

    def take(self, call: ApiCall) -> Reply:
        """Begin one."""
        name = call.json_object().get("name") or ""
        if not isinstance(name, str) or len(name) > NAME_CHARACTERS_MAX:
            raise BadRequest(
                f"name: a text of at most {NAME_CHARACTERS_MAX} characters"
            )
        snapshot = self._service.take(key_of(call), name)
        return json_reply(200, _document(self._frame.stack(call), snapshot))

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        stack = self._frame.stack(call)
        snapshot = self._service.find(stack, call.parameters["snapshot_id"])
        return json_reply(200, {"snapshot": _document(stack, snapshot)})

    def delete(self, call: ApiCall) -> Reply:
        """Delete it with what was saved."""
        stack, identifier = self._frame.stack(call), call.parameters["snapshot_id"]
        self._service.delete(call.context, stack, identifier)
        return empty_reply(204)

    def restore(self, call: ApiCall) -> Reply:
        """Make the stack what it was."""
        stack, identifier = self._frame.stack(call), call.parameters["snapshot_id"]
        self._service.restore(call.context, stack, identifier)
        return empty_reply(202)


def _document(stack: Stack, snapshot: Snapshot) -> dict[str, Any]:
    wanted = Wanted(**snapshot.data[WANTED])
    then = dataclasses.replace(stack, **wanted.document())
    return {
        "id": snapshot.id,
        "name": snapshot.name or None,
        "status": snapshot.status,
        "status_reason": snapshot.reason or None,
        "creation_time": iso_z(snapshot.created_at),
        "data": {
            "id": stack.id,
            "name": stack.name,
            "project_id": stack.project_id,
            "template": then.template,
            "environment": documents.shown_environment(wanted),
            "resources": {
                name: {key: each[key] for key in each if key != "kind"}
                for name, each in snapshot.data[RESOURCES].items()
            },
        },
    }
