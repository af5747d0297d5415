"""The attributes of a resource type: what their values may be.

Kinds are those of Gnocchi: ``string``, ``uuid``, ``number``, ``bool``, ``datetime``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.metric.errors import invalid_input, invalid_value

Definition = Mapping[str, Any]

STRING_CHARACTERS_MAX = 256
ATTRIBUTES_MAX = 64
NAME_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_-]{0,62}$"
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
    """A definition with what it leaves out.  ``BadRequest`` for bounds that no value
    can keep to."""
    kind = definition["type"]
    found: dict[str, Any] = {
        "type": kind,
        "required": definition.get("required", True),
    }
    if kind == "string":
        least = found["min_length"] = definition.get("min_length", 0)
        most = found["max_length"] = definition.get("max_length", STRING_CHARACTERS_MAX)
    elif kind == "number":
        least = found["min"] = definition.get("min")
        most = found["max"] = definition.get("max")
    else:
        return found
    if least is not None and most is not None and least > most:
        raise BadRequest(f"Invalid input: from {least} to {most} there is nothing")
    return found


def checked(
    definitions: Mapping[str, Definition], given: Mapping[str, Any], *, is_new: bool
) -> dict[str, Any]:
    """The values as they are kept; of a new resource, all that are required must be
    there.  ``BadRequest``."""
    for name in given:
        if name not in definitions:
            shown = name[:64]
            raise invalid_input(f"extra keys not allowed @ data[{shown!r}]", shown)
    found = {}
    for name, definition in definitions.items():
        if name in given:
            found[name] = value_of(name, definition, given[name])
        elif is_new and definition.get("required", True):
            raise invalid_input(f"required key not provided @ data[{name!r}]", name)
        elif is_new:
            found[name] = None
    return found


def value_of(name: str, definition: Definition, value: Any) -> Any:
    """One attribute's value as it is kept.  ``BadRequest``."""
    if value is None and not definition.get("required", True):
        return None
    kind = definition["type"]
    match kind, value:
        case "string", str():
            return _string(name, definition, value)
        case "number", bool():
            pass
        case "number", int() | float():
            return _number(name, definition, value)
        case "bool", bool():
            return value
        case "uuid", str():
            try:
                return str(uuid.UUID(value))
            except ValueError:
                reason = "badly formed hexadecimal UUID string"
                raise invalid_value(reason, name) from None
        case "datetime", str():
            try:
                return datetime.fromtimestamp(parse_iso(value), UTC).isoformat()
            except (ValueError, OverflowError):
                pass
    raise invalid_value(f"expected {kind}", name)


def _string(name: str, definition: Definition, value: str) -> str:
    least = definition.get("min_length", 0)
    most = definition.get("max_length", STRING_CHARACTERS_MAX)
    if len(value) < least:
        raise invalid_value(f"length of value must be at least {least}", name)
    if len(value) > most:
        raise invalid_value(f"length of value must be at most {most}", name)
    return value


def _number(name: str, definition: Definition, value: float) -> float:
    least, most = definition.get("min"), definition.get("max")
    if least is not None and value < least:
        raise invalid_value(f"value must be at least {least}", name)
    if most is not None and value > most:
        raise invalid_value(f"value must be at most {most}", name)
    return value
