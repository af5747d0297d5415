"""Attachments (3.27): who has a volume, and how a host reaches its bytes."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.api.schema import Schema
from compute.volume.api.frame import UUID, Verb, body_of, minor_of, ok
from compute.volume.api.listing import Listed, Lists
from compute.volume.api.presenting import Presenter
from compute.volume.connection import READ_ONLY, READ_WRITE
from compute.volume.parts import Parts
from compute.volume.records import Attachment
from compute.volume.service.attachments import Attachments
from objectstore.kernel.reply import Reply

SINCE, COMPLETE_SINCE, MODE_SINCE = 27, 44, 54
_CONNECTOR = {"type": ["object", "null"]}
CREATE = body_of(
    "attachment",
    {
        "volume_uuid": UUID,
        "instance_uuid": {"anyOf": [UUID, {"type": "null"}]},
        "connector": _CONNECTOR,
        "mode": {"enum": [READ_WRITE, READ_ONLY, "null", None]},
    },
    ("volume_uuid",),
)
UPDATE = body_of(
    "attachment", {"connector": {"type": "object", "minProperties": 1}}, ("connector",)
)
ACTION = Schema(
    {
        "type": "object",
        "properties": {"os-complete": {"type": ["object", "string", "null"]}},
        "required": ["os-complete"],
        "additionalProperties": False,
    }
)
LISTED = Listed(
    "attachments",
    "volume:attachment_get",
    {
        "volume_id": "volume_id",
        "instance_id": "instance_id",
        "status": "status",
        "attach_status": "status",
        "attach_mode": "access",
        "id": "id",
    },
)


class AttachmentsApi:
    """Handlers."""

    def __init__(
        self, parts: Parts, attachments: Attachments, presenter: Presenter
    ) -> None:
        self._parts = parts
        self._attachments = attachments
        self._presenter = presenter
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/attachments/{attachment_id}"
        return [
            Verb("GET", "/attachments", self.index, SINCE),
            Verb("POST", "/attachments", self.create, SINCE),
            Verb("GET", "/attachments/detail", self.detail, SINCE),
            Verb("GET", one, self.show, SINCE),
            Verb("PUT", one, self.update, SINCE),
            Verb("DELETE", one, self.delete, SINCE),
            Verb("POST", f"{one}/action", self.act, COMPLETE_SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /attachments."""
        return self._list(call, detail=False)

    def detail(self, call: ApiCall) -> Reply:
        """GET /attachments/detail."""
        return self._list(call, detail=True)

    def _list(self, call: ApiCall, *, detail: bool) -> Reply:
        def show(found: list[Attachment]) -> list[dict[str, Any]]:
            presented = [
                self._presenter.attachment(call, each, detail=detail) for each in found
            ]
            for document in presented:
                # One asks for a way to the bytes one by one.
                document.pop("connection_info", None)
            return presented

        return self._lists.answer(call, self._parts.stores.attachments, LISTED, show)

    def show(self, call: ApiCall) -> Reply:
        """GET /attachments/{attachment_id}."""
        key, rule = call.parameters["attachment_id"], "volume:attachment_get"
        found = self._parts.database.read(
            lambda connection: self._parts.attachment(
                connection, call.context, key, rule
            )
        )
        return self._shown(call, found)

    def _shown(self, call: ApiCall, attachment: Attachment) -> Reply:
        return ok({"attachment": self._presenter.attachment(call, attachment)})

    def create(self, call: ApiCall) -> Reply:
        """POST /attachments."""
        body = call.json(CREATE)["attachment"]
        access = READ_WRITE
        if minor_of(call) >= MODE_SINCE and body.get("mode") == READ_ONLY:
            access = READ_ONLY
        found = self._attachments.create(
            call.context,
            body["volume_uuid"],
            body.get("instance_uuid") or "",
            body.get("connector") or None,
            access,
        )
        return self._shown(call, found)

    def update(self, call: ApiCall) -> Reply:
        """PUT /attachments/{attachment_id}."""
        connector = call.json(UPDATE)["attachment"]["connector"]
        key = call.parameters["attachment_id"]
        return self._shown(
            call, self._attachments.connect(call.context, key, connector)
        )

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /attachments/{attachment_id}."""
        key = call.parameters["attachment_id"]
        left = self._attachments.delete(call.context, key)
        shown = [self._presenter.attachment(call, each, detail=False) for each in left]
        return ok({"attachments": shown})

    def act(self, call: ApiCall) -> Reply:
        """POST /attachments/{attachment_id}/action: os-complete."""
        call.json(ACTION)
        self._attachments.complete(call.context, call.parameters["attachment_id"])
        return empty_reply()
