"""What only the cloud's own processes may call."""

from __future__ import annotations

from typing import Any

from compute.core.api import ApiCall, Route, empty_reply
from compute.core.database import Connection
from compute.core.plain_json import check_plain
from compute.core.schema import Schema
from compute.metric.api.frame import Frame, large_json
from compute.metric.policies import INTERNAL
from compute.metric.service import feeding, measures
from compute.metric.service.feeding import Fed
from objectstore.kernel.reply import Reply

RESOURCES_MAX = 5000
_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/]+$"}
_OWNER = {"type": "string", "maxLength": 255}
_VALUE = {
    "type": "array",
    "prefixItems": [
        {"type": "string", "maxLength": 31},
        {"type": "string", "maxLength": 255},
        {"type": "number"},
    ],
    "minItems": 3,
    "maxItems": 3,
}
FEED = Schema(
    {
        "type": "object",
        "properties": {
            "at": {"type": "number"},
            "resources": {
                "type": "array",
                "maxItems": RESOURCES_MAX,
                "items": {
                    "type": "object",
                    "properties": {
                        "id": _ID,
                        "type": _ID,
                        "project_id": _OWNER,
                        "user_id": _OWNER,
                        "attributes": {"type": "object"},
                        "metrics": {"type": "object", "additionalProperties": _VALUE},
                    },
                    "required": [
                        "id",
                        "type",
                        "project_id",
                        "user_id",
                        "attributes",
                        "metrics",
                    ],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["at", "resources"],
        "additionalProperties": False,
    }
)
ENDED = Schema(
    {
        "type": "object",
        "properties": {
            "at": {"type": "number"},
            "resources": {"type": "array", "items": _ID, "maxItems": RESOURCES_MAX},
        },
        "required": ["at", "resources"],
        "additionalProperties": False,
    }
)


class InternalApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("POST", "/internal/feed", self.feed),
            Route("POST", "/internal/ended", self.ended),
        ]

    def feed(self, call: ApiCall) -> Reply:
        """Resources, and what was measured of them."""
        self._frame.check(call, INTERNAL)
        body = _checked(call, FEED)
        at = self._frame.moment_of("at", body["at"]) / 1e9
        fed = [
            Fed(
                **{**each, "metrics": {n: tuple(v) for n, v in each["metrics"].items()}}
            )
            for each in body["resources"]
        ]

        def work(connection: Connection) -> list[str]:
            return feeding.feed(connection, self._parts, call.context, at, fed)

        measures.accept(self._parts, work)
        return empty_reply(202)

    def ended(self, call: ApiCall) -> Reply:
        """Resources that are no more."""
        self._frame.check(call, INTERNAL)
        body = call.json(ENDED)
        at = self._frame.moment_of("at", body["at"]) / 1e9

        def work(connection: Connection) -> None:
            feeding.ended(connection, self._parts, call.context, body["resources"], at)

        self._parts.write(work)
        return empty_reply()


def _checked(call: ApiCall, schema: Schema) -> Any:
    body = large_json(call)
    check_plain(body)
    schema.check(body)
    return body
