"""What only the cloud's own processes may call."""

from __future__ import annotations

import math
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.api.plain_json import check_plain
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric.api.bodies import json_of, large_json, object_of
from compute.metric.api.frame import Frame
from compute.metric.policies import INTERNAL
from compute.metric.series.moments import SECOND
from compute.metric.service import feeding, measures
from compute.metric.service.feeding import Fed
from objectstore.kernel.reply import Reply

RESOURCES_MAX = 5000
TEXT_MAX = 255
_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/]+$"}
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
        body = object_of(large_json(call))
        check_plain(body)
        at = self._frame.moment_of("at", body.get("at")) / SECOND
        given = body.get("resources")
        if not isinstance(given, list) or len(given) > RESOURCES_MAX:
            raise BadRequest(f"resources must be a list of at most {RESOURCES_MAX}")
        fed = [_fed(each) for each in given]

        def work(connection: Connection) -> list[str]:
            return feeding.feed(connection, self._parts, call.context, at, fed)

        measures.accept(self._parts, work)
        return empty_reply(202)

    def ended(self, call: ApiCall) -> Reply:
        """Resources that are no more."""
        self._frame.check(call, INTERNAL)
        body = json_of(call, ENDED)
        at = self._frame.moment_of("at", body["at"]) / SECOND

        def work(connection: Connection) -> None:
            feeding.ended(connection, self._parts, call.context, body["resources"], at)

        self._parts.run(work)
        return empty_reply()


def _fed(given: Any) -> Fed:
    """One resource of a body.  By hand: agents send thousands each minute, and a schema
    would take a second of them."""
    try:
        texts = [given[name] for name in ("id", "type", "project_id", "user_id")]
        attributes, told = given["attributes"], given["metrics"]
        metrics = {
            name: (unit, policy, float(value))
            for name, (unit, policy, value) in told.items()
        }
        words = [*texts, *metrics]
        words += [
            each for unit, policy, _ in metrics.values() for each in (unit, policy)
        ]
        if not all(isinstance(it, str) and len(it) <= TEXT_MAX for it in words):
            raise ValueError("a text is none, or too long")
        if not all(math.isfinite(value) for _, _, value in metrics.values()):
            raise ValueError("a value is not finite")
        if not isinstance(attributes, dict):
            raise ValueError("attributes are none")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequest(f"Invalid input: a resource is wrong: {error}") from None
    resource_id, kind, project_id, user_id = texts
    return Fed(resource_id, kind, project_id, user_id, attributes, metrics)
