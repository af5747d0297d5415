"""Request bodies: JSON, checked; what is wrong in words that Gnocchi's clients know."""

from __future__ import annotations

from typing import Any

import orjson

from compute.core.api.frame import JSON_BYTES_MAX, ApiCall
from compute.core.api.plain_json import check_plain
from compute.core.api.schema import Fault, Schema
from compute.metric.errors import Explained, UnsupportedMediaType, invalid_input

# Measures come in batches of whole hosts.
MEASURES_BYTES_MAX = 8 * 1024 * 1024
# Clients that say nothing of the form mean JSON.
FORMS = frozenset({"", "application/json", "application/json-patch+json"})
_TYPES = {
    "array": "a list",
    "object": "a dictionary",
    "string": "str",
    "integer": "int",
    "boolean": "bool",
}


def json_of(call: ApiCall, schema: Schema | None = None) -> Any:
    """The body; 400, 413, 415."""
    found = _loads(call, JSON_BYTES_MAX)
    check_plain(found)
    if schema is not None:
        check(schema, found)
    return found


def large_json(call: ApiCall) -> Any:
    """A body of measures; 400, 413, 415."""
    return _loads(call, MEASURES_BYTES_MAX)


def optional_json(call: ApiCall) -> dict[str, Any]:
    """A body that may be left out; 400, 413, 415."""
    raw = call.request.read_small_body(JSON_BYTES_MAX)
    if not raw.strip():
        return {}
    found = _parsed(call, raw)
    check_plain(found)
    return object_of(found)


def object_of(value: Any) -> dict[str, Any]:
    """A JSON object; 400."""
    if not isinstance(value, dict):
        raise invalid_input("expected a dictionary")
    return value


def check(schema: Schema, value: Any, *under: str | int) -> None:
    """400 for what the schema does not allow; ``under``: where the value stands."""
    fault = schema.fault(value)
    if fault is not None:
        path = (*under, *fault.path)
        raise invalid_input(f"{_words(fault)}{_place(path, fault.rule)}", *path)


def _loads(call: ApiCall, bytes_max: int) -> Any:
    return _parsed(call, call.request.read_small_body(bytes_max))


def _parsed(call: ApiCall, raw: bytes) -> Any:
    if call.header("Content-Type").partition(";")[0].strip().lower() not in FORMS:
        raise UnsupportedMediaType("Unsupported Media Type: JSON is needed")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        reason = "The request body is not valid JSON"
        raise Explained("Unable to decode body", reason, []) from None


def _words(fault: Fault) -> str:
    wanted = fault.wanted
    match fault.rule:
        case "additionalProperties":
            return "extra keys not allowed"
        case "required":
            return "required key not provided"
        case "type":
            first = wanted if isinstance(wanted, str) else wanted[0]
            return f"expected {_TYPES.get(first, first)}"
        case "minLength" | "minItems":
            return f"length of value must be at least {wanted}"
        case "maxLength" | "maxItems":
            return f"length of value must be at most {wanted}"
        case "minimum":
            return f"value must be at least {wanted}"
        case "maximum":
            return f"value must be at most {wanted}"
        case "enum":
            return "not a valid value"
    return fault.message


def _place(path: tuple[str | int, ...], rule: str) -> str:
    if not path:
        return ""
    inside = isinstance(path[-1], str)
    is_value = inside and rule not in ("additionalProperties", "required")
    steps = "".join(f"[{each!r}]" for each in path)
    return f"{' for dictionary value' if is_value else ''} @ data{steps}"
