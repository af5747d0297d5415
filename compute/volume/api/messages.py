"""Messages: what went wrong after an order was taken (3.3)."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.volume.api.frame import Verb, links, ok
from compute.volume.api.listing import Listed, Lists
from compute.volume.parts import Parts
from compute.volume.records import Message
from compute.volume.tables import MESSAGES
from objectstore.kernel.reply import Reply

MESSAGES_SINCE = 3
LISTED = Listed(
    "messages",
    "message:get_all",
    {
        "id": "id",
        "event_id": "event_id",
        "request_id": "request_id",
        "message_level": "level",
        "resource_type": "resource_type",
        "resource_uuid": "resource_id",
    },
    sortable={
        "id": "id",
        "event_id": "event_id",
        "resource_type": "resource_type",
        "resource_uuid": "resource_id",
        "message_level": "level",
        "request_id": "request_id",
        "guaranteed_until": "expires_at",
        "created_at": "created_at",
    },
)


class MessagesApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lists = Lists(parts)

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/messages/{message_id}"
        return [
            Verb("GET", "/messages", self.index, MESSAGES_SINCE),
            Verb("GET", one, self.show, MESSAGES_SINCE),
            Verb("DELETE", one, self.delete, MESSAGES_SINCE),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /messages."""

        def show(found: list[Message]) -> list[dict[str, Any]]:
            return [_document(call, each) for each in found]

        fresh = MESSAGES.c.expires_at > self._parts.clock.time()
        return self._lists.answer(
            call, self._parts.stores.messages, LISTED, show, [fresh]
        )

    def show(self, call: ApiCall) -> Reply:
        """GET /messages/{message_id}."""
        key, parts = call.parameters["message_id"], self._parts
        found = parts.database.read(
            lambda connection: parts.message(
                connection, call.context, key, "message:get"
            )
        )
        return ok({"message": _document(call, found)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /messages/{message_id}."""
        key, parts = call.parameters["message_id"], self._parts

        def write(connection: Connection) -> None:
            parts.message(connection, call.context, key, "message:delete")
            parts.stores.messages.delete(connection, key)

        parts.change(write)
        return empty_reply()


def _document(call: ApiCall, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "event_id": message.event_id,
        "message_level": message.level,
        "user_message": message.text,
        "resource_type": message.resource_type,
        "resource_uuid": message.resource_id,
        "request_id": message.request_id,
        "created_at": iso_micro(message.created_at),
        "guaranteed_until": iso_micro(message.expires_at),
        "links": links(call, "messages", message.id),
    }
