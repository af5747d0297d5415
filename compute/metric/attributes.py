"""The attributes of a resource type: what their values may be.

Kinds are those of Gnocchi: ``string``, ``uuid``, ``number``, ``bool``, ``datetime``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.core.schema import Schema

Definition = Mapping[str, Any]

STRING_CHARACTERS_MAX = 255
ATTRIBUTES_MAX = 64
NAME_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$"
# What every resource has.
RESERVED = frozenset(
    {
        "id",
        "type",
        "metrics",
        "original_resource_id",
        "revision_start",
        "revision_end",
        "started_at",
        "ended_at",
        "user_id",
        "project_id",
        "created_by_user_id",
        "created_by_project_id",
        "creator",
        "get_metric",
    }
)
_NUMBER = {"type": ["number", "null"]}
_LENGTH = {"type": "integer", "minimum": 0, "maximum": STRING_CHARACTERS_MAX}
DEFINITION: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"enum": ["string", "uuid", "number", "bool", "datetime"]},
        "required": {"type": "boolean"},
        "min_length": _LENGTH,
        "max_length": _LENGTH,
        "min": _NUMBER,
        "max": _NUMBER,
        "options": {"type": "object", "properties": {"fill": {}}},
    },
    "required": ["type"],
    "additionalProperties": False,
}
DEFINITIONS: Mapping[str, Any] = {
    "type": "object",
    "propertyNames": {"pattern": NAME_PATTERN, "not": {"enum": sorted(RESERVED)}},
    "additionalProperties": DEFINITION,
    "maxProperties": ATTRIBUTES_MAX,
}
ONE_DEFINITION = Schema(DEFINITION)


def completed(definition: Definition) -> dict[str, Any]:
    """A definition with what it leaves out."""
    kind = definition["type"]
    found: dict[str, Any] = {
        "type": kind,
        "required": definition.get("required", True),
    }
    if kind == "string":
        found["min_length"] = definition.get("min_length", 0)
        found["max_length"] = definition.get("max_length", STRING_CHARACTERS_MAX)
    elif kind == "number":
        found["min"] = definition.get("min")
        found["max"] = definition.get("max")
    return found


def checked(
    definitions: Mapping[str, Definition], given: Mapping[str, Any], *, is_new: bool
) -> dict[str, Any]:
    """The values as they are kept; of a new resource, all that are required must be
    there.  ``BadRequest``."""
    for name in given:
        if name not in definitions:
            raise BadRequest(f"Invalid input: extra keys not allowed: {name[:64]!r}")
    found = {}
    for name, definition in definitions.items():
        if name in given:
            found[name] = value_of(name, definition, given[name])
        elif is_new and definition.get("required", True):
            raise BadRequest(f"Invalid input: required key not provided: {name!r}")
        elif is_new:
            found[name] = None
    return found


def value_of(name: str, definition: Definition, value: Any) -> Any:
    """One attribute's value as it is kept.  ``BadRequest``."""
    if value is None:
        if definition.get("required", True):
            raise _wrong(name, value)
        return None
    kind = definition["type"]
    if kind == "string":
        shortest = definition.get("min_length", 0)
        longest = definition.get("max_length", STRING_CHARACTERS_MAX)
        if isinstance(value, str) and shortest <= len(value) <= longest:
            return value
    elif kind == "uuid":
        if isinstance(value, str):
            try:
                return str(uuid.UUID(value))
            except ValueError:
                pass
    elif kind == "number":
        if isinstance(value, int | float) and not isinstance(value, bool):
            least, most = definition.get("min"), definition.get("max")
            if (least is None or value >= least) and (most is None or value <= most):
                return value
    elif kind == "bool":
        if isinstance(value, bool):
            return value
    elif isinstance(value, str):
        try:
            return datetime.fromtimestamp(parse_iso(value), UTC).isoformat()
        except (ValueError, OverflowError):
            pass
    raise _wrong(name, value)


def _wrong(name: str, value: Any) -> BadRequest:
    return BadRequest(
        f"Invalid input: {name}: {str(value)[:64]!r} is not a valid value"
    )
