"""``/internal``: what only the cloud's own services may call."""

from __future__ import annotations

import base64

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.secret.api.frame import Frame, document_of
from compute.secret.keys import SYMMETRIC_BITS
from compute.secret.model import CONTAINERS, SECRETS
from compute.secret.policies import INTERNAL
from compute.secret.references import parse_reference
from compute.secret.service.entrusted import read_entrusted, release
from compute.secret.service.made_keys import (
    ALGORITHM,
    KeyWanted,
    drop_key,
    make_key,
)
from compute.secret.service.projects import forget, owners
from compute.secret.uses import Use, container_use
from objectstore.kernel.reply import Reply

_QUESTION = Schema(
    {
        "type": "object",
        "properties": {
            "reference": {"type": "string"},
            "service": {"type": "string", "maxLength": 255},
            "resource_type": {"type": "string", "maxLength": 255},
            "resource_id": {"type": "string", "maxLength": 500},
        },
        "required": ["reference", "service", "resource_type", "resource_id"],
        "additionalProperties": False,
    }
)
_TEXT = {"type": "string", "maxLength": 255}
_KEY = Schema(
    {
        "type": "object",
        "properties": {
            "project_id": _TEXT,
            "user_id": _TEXT,
            "name": _TEXT,
            "bit_length": {"enum": list(SYMMETRIC_BITS[ALGORITHM])},
            "mode": _TEXT,
            "service": _TEXT,
            "resource_type": _TEXT,
            "resource_id": _TEXT,
            "source_id": _TEXT,
            "source_resource_type": _TEXT,
            "source_resource_id": _TEXT,
        },
        "required": [
            "project_id",
            "user_id",
            "service",
            "resource_type",
            "resource_id",
        ],
        "additionalProperties": False,
    }
)
_USE = Schema(
    {
        "type": "object",
        "properties": {
            "service": _TEXT,
            "resource_type": _TEXT,
            "resource_id": _TEXT,
        },
        "required": ["service", "resource_type", "resource_id"],
        "additionalProperties": False,
    }
)

PROJECTS_MAX = 1000


class InternalApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("POST", "/internal/entrusted", self.read),
            Route("POST", "/internal/released", self.release),
            Route("PUT", "/internal/keys/{key_id}", self.make_key),
            Route("POST", "/internal/keys/{key_id}/drop", self.drop_key),
            Route("GET", "/internal/projects", self.projects),
            Route("DELETE", "/internal/projects/{project_id}", self.forget),
        ]

    def read(self, call: ApiCall) -> Reply:
        """All payloads of a secret or container that a resource is a consumer of."""
        kind, subject_id, use = self._asked(call)
        found = [
            {
                "name": each.name,
                "content_type": each.payload.content_type,
                "payload": base64.b64encode(each.payload.content).decode(),
            }
            for each in read_entrusted(self._frame.parts, kind, subject_id, use)
        ]
        return json_reply(200, {"payloads": found}, [("Cache-Control", "no-store")])

    def release(self, call: ApiCall) -> Reply:
        """A resource is a consumer no more, if it was."""
        _, subject_id, use = self._asked(call)
        release(self._frame.parts, subject_id, use)
        return empty_reply(204)

    def make_key(self, call: ApiCall) -> Reply:
        """A key of a service's resource: new, or the same as that of another one."""
        self._frame.check(call, INTERNAL)
        body = document_of(call)
        _KEY.check(body)
        service, source_id = body["service"], body.get("source_id", "")
        source = None
        if source_id:
            kind = body.get("source_resource_type", "")
            source = Use(service, kind, body.get("source_resource_id", ""))
        wanted = KeyWanted(
            id=call.parameters["key_id"],
            project_id=body["project_id"],
            user_id=body["user_id"],
            name=body.get("name", ""),
            bit_length=body.get("bit_length", max(SYMMETRIC_BITS[ALGORITHM])),
            mode=body.get("mode", ""),
            use=Use(service, body["resource_type"], body["resource_id"]),
            source_id=source_id,
            source=source,
        )
        make_key(self._frame.parts, wanted)
        return empty_reply(204)

    def drop_key(self, call: ApiCall) -> Reply:
        """The key of a resource that is no more."""
        self._frame.check(call, INTERNAL)
        body = document_of(call)
        _USE.check(body)
        use = Use(body["service"], body["resource_type"], body["resource_id"])
        drop_key(self._frame.parts, call.parameters["key_id"], use)
        return empty_reply(204)

    def projects(self, call: ApiCall) -> Reply:
        """A page of the projects that have something here."""
        self._frame.check(call, INTERNAL)
        limit = min(call.query.number("limit", PROJECTS_MAX), PROJECTS_MAX)
        marker = call.query.one("marker")
        found = self._frame.parts.read(lambda it: owners(it, marker, limit))
        return json_reply(200, {"projects": [{"id": each} for each in found]})

    def forget(self, call: ApiCall) -> Reply:
        """All that a project has, when the project is no more."""
        self._frame.check(call, INTERNAL)
        forget(self._frame.parts, call.parameters["project_id"])
        return empty_reply(204)

    def _asked(self, call: ApiCall) -> tuple[str, str, Use]:
        self._frame.check(call, INTERNAL)
        body = document_of(call)
        _QUESTION.check(body)
        kind, subject_id = parse_reference(body["reference"], SECRETS, CONTAINERS)
        use = Use(body["service"], body["resource_type"], body["resource_id"])
        if kind == CONTAINERS:
            use = container_use(use)
        return kind, subject_id, use
