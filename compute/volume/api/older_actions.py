"""Attaching the older way, as actions of a volume, and what all actions are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.volume.api.frame import UUID, accepted, ok
from compute.volume.connection import READ_ONLY, READ_WRITE
from compute.volume.service.older_attachments import (
    OlderAttachments,
    connection_document,
)
from objectstore.kernel.reply import Reply

Act = Callable[[ApiCall, str, Any], Reply]
"""Does one action: of the call, the volume's id, and the action's value."""
ANY_OBJECT: Mapping[str, Any] = {"type": ["object", "null"]}
_CONNECTOR: Mapping[str, Any] = {
    "type": "object",
    "properties": {"connector": {"type": ["object", "null"]}},
    "required": ["connector"],
}
_DEVICE = {"type": ["string", "null"], "maxLength": 255}


def object_of(
    properties: Mapping[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The schema of a value with these properties, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


class OlderActions:
    """Handlers."""

    def __init__(self, older: OlderAttachments) -> None:
        self._older = older

    def actions(self) -> dict[str, tuple[Mapping[str, Any], Act]]:
        """By name, the schema of its value and who does it."""
        return {
            "os-reserve": (ANY_OBJECT, self._step("reserve", quiet=False)),
            "os-unreserve": (ANY_OBJECT, self._step("unreserve", quiet=True)),
            "os-begin_detaching": (
                ANY_OBJECT,
                self._step("begin_detaching", quiet=False),
            ),
            "os-roll_detaching": (
                ANY_OBJECT,
                self._step("roll_detaching", quiet=True),
            ),
            "os-attach": (
                object_of(
                    {
                        "instance_uuid": {"anyOf": [UUID, {"type": "null"}]},
                        "host_name": _DEVICE,
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
            "os-force_detach": (
                object_of(
                    {
                        "attachment_id": {"anyOf": [UUID, {"type": "null"}]},
                        "connector": {"type": ["object", "null"]},
                    }
                ),
                self._force_detach,
            ),
            "os-initialize_connection": (_CONNECTOR, self._initialize),
            "os-terminate_connection": (_CONNECTOR, self._terminate),
        }

    def _step(self, action: str, *, quiet: bool) -> Act:
        def act(call: ApiCall, key: str, value: Any) -> Reply:
            self._older.step(call.context, key, action, quiet=quiet)
            return accepted()

        return act

    def _attach(self, call: ApiCall, key: str, value: Any) -> Reply:
        instance = value.get("instance_uuid") or ""
        host = value.get("host_name") or ""
        if bool(instance) == bool(host):
            raise BadRequest("Invalid request to attach volume to an invalid target")
        self._older.attach(
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
        self._older.detach(call.context, key, attachment_id)
        return accepted()

    def _force_detach(self, call: ApiCall, key: str, value: Any) -> Reply:
        attachment_id = value.get("attachment_id") or ""
        self._older.force_detach(call.context, key, attachment_id)
        return accepted()

    def _initialize(self, call: ApiCall, key: str, value: Any) -> Reply:
        connector = value["connector"] or {}
        attachment = self._older.initialize(call.context, key, connector)
        return ok({"connection_info": connection_document(attachment)})

    def _terminate(self, call: ApiCall, key: str, value: Any) -> Reply:
        self._older.terminate(call.context, key, value["connector"] or {})
        return accepted()
