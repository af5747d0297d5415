"""What all internal calls have in common: the right to make them, and how their bodies
are declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.core.api.frame import ApiCall, Handler, Route
from compute.core.api.schema import Schema
from compute.instance.parts import Parts
from objectstore.kernel.reply import Reply

RULE = "internal"
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
WHOLE = {"type": "integer", "minimum": 0}


def body_of(*required: str, **properties: Any) -> Schema:
    """An object of these properties, which may have others."""
    return Schema(
        {"type": "object", "properties": properties, "required": list(required)}
    )


def guarded(parts: Parts, table: Iterable[tuple[str, str, Handler]]) -> list[Route]:
    """Routes (method, path, handler) for services alone.  They have no version: house
    talks to house."""

    def guard(handler: Handler) -> Handler:
        def handle(call: ApiCall) -> Reply:
            parts.enforce(call.context, RULE)
            return handler(call)

        return handle

    return [Route(method, path, guard(handler)) for method, path, handler in table]
