"""``consumers`` below a secret or a container: what uses it."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.secret.api.frame import Frame, document_of
from compute.secret.api.pages import page_of, paged
from compute.secret.documents import (
    consumer_document,
    container_document,
    secret_document,
)
from compute.secret.model import CONSUMERS, CONTAINERS, SECRETS, Consumer, Secret
from compute.secret.service.consumers import ConsumerService, Subject
from compute.secret.uses import Use
from objectstore.kernel.reply import Reply

_WORD = {"type": "string", "minLength": 1, "maxLength": 255}
_LONG = {"type": "string", "minLength": 1, "maxLength": 500}
_OF_SECRETS = Schema(
    {
        "type": "object",
        "properties": {
            "service": _WORD,
            "resource_type": _WORD,
            "resource_id": _LONG,
        },
        "required": ["service", "resource_type", "resource_id"],
    }
)
_OF_CONTAINERS = Schema(
    {
        "type": "object",
        "properties": {"name": _WORD, "URL": _LONG},
        "required": ["name", "URL"],
    }
)


class ConsumersApi:
    """The operations, below what ``kind`` says."""

    def __init__(self, frame: Frame, kind: str) -> None:
        self._frame = frame
        self._is_secret = kind == SECRETS
        self._kind = kind
        self._service = ConsumerService(frame.parts, kind)

    def routes(self) -> list[Route]:
        """Where they are."""
        path = f"/{self._kind}/{{subject_id}}/{CONSUMERS}"
        route = self._frame.route
        return [
            route("GET", path, self.consumers),
            route("POST", path, self.add),
            route("DELETE", path, self.remove),
        ]

    def consumers(self, call: ApiCall) -> Reply:
        """A page of them, the oldest first."""
        page = page_of(call)
        _, found = self._service.all(call.context, call.parameters["subject_id"])
        part = found[page.offset : page.offset + page.limit]
        shown = [consumer_document(each) for each in part]
        return json_reply(200, paged(call, CONSUMERS, shown, len(found)))

    def add(self, call: ApiCall) -> Reply:
        """One more."""
        subject_id = call.parameters["subject_id"]
        subject, used = self._service.add(call.context, subject_id, self._use(call))
        return json_reply(200, _document(call, subject, used))

    def remove(self, call: ApiCall) -> Reply:
        """One less."""
        subject_id = call.parameters["subject_id"]
        subject, used = self._service.remove(call.context, subject_id, self._use(call))
        return json_reply(200, _document(call, subject, used))

    def _use(self, call: ApiCall) -> Use:
        body = document_of(call)
        if self._is_secret:
            _OF_SECRETS.check(body)
            return Use(body["service"], body["resource_type"], body["resource_id"])
        _OF_CONTAINERS.check(body)
        return Use(body["name"], "", body["URL"])


def _document(call: ApiCall, subject: Subject, used: list[Consumer]) -> dict[str, Any]:
    if isinstance(subject, Secret):
        return secret_document(call.base_url, subject, used)
    return container_document(call.base_url, subject, used)


def consumers_apis(frame: Frame) -> list[ConsumersApi]:
    """Of both."""
    return [ConsumersApi(frame, kind) for kind in (SECRETS, CONTAINERS)]
