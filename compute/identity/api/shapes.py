"""JSON schemas that the subjects' bodies are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api.schema import Schema

ID = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-zA-Z0-9-]+$"}
OPTIONAL_ID = {"anyOf": [ID, {"type": "null"}]}
# Not blank: a name that nobody can see cannot be told apart.
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
DOMAIN_NAME = {**NAME, "maxLength": 64}
TEXT = {"type": ["string", "null"], "maxLength": 60_000}
FLAG = {"type": "boolean"}
OPTIONS = {"type": "object"}
TAG = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^,/]*$"}
TAGS = {"type": "array", "items": TAG, "maxItems": 80, "uniqueItems": True}
REGION_ID = {"type": ["string", "null"], "maxLength": 255}
MOMENT = {"type": ["string", "null"], "maxLength": 40}


def body(
    name: str,
    properties: Mapping[str, Any],
    required: Sequence[str] = (),
    *,
    more: bool = True,
) -> Schema:
    """``{name: {...}}``; ``more``: callers may add properties of their own."""
    inner = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": more,
    }
    return Schema({"type": "object", "properties": {name: inner}, "required": [name]})
