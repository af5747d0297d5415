"""What the values of bodies look like: the API reference's own types."""

from __future__ import annotations

from typing import Any

TRUE_VALUES = [True, "True", "TRUE", "true", "1", "ON", "On", "on"]
TRUE_VALUES += ["YES", "Yes", "yes", "y", "t"]
FALSE_VALUES = [False, "False", "FALSE", "false", "0", "OFF", "Off", "off"]
FALSE_VALUES += ["NO", "No", "no", "n", "f"]
BOOLEAN: dict[str, Any] = {"enum": [*TRUE_VALUES, *FALSE_VALUES]}
# No control characters, no space at either end.
PRINTABLE = r"^(?![\s])[^\x00-\x1f\x7f]*(?<![\s])$"
NAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": PRINTABLE,
}
TEXT: dict[str, Any] = {"type": "string", "maxLength": 255}
DESCRIPTION: dict[str, Any] = {
    "type": ["string", "null"],
    "maxLength": 255,
    "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$",
}
UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
ID: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1, "maxLength": 255}
COUNT: dict[str, Any] = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]+$",
    "minimum": 0,
    "maximum": 2**31 - 1,
}
POSITIVE: dict[str, Any] = {**COUNT, "minimum": 1, "pattern": "^0*[1-9][0-9]*$"}
METADATA: dict[str, Any] = {
    "type": "object",
    "patternProperties": {r"^[a-zA-Z0-9\-_:. ]{1,255}$": {**TEXT}},
    "additionalProperties": False,
}
TAG: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 60,
    "pattern": r"^[^,/]+$",
}
TAGS: dict[str, Any] = {
    "type": "array",
    "items": TAG,
    "maxItems": 50,
}
HOSTNAME: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?$",
}
FQDN: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9][a-zA-Z0-9\-_.]*$",
}
IPV4: dict[str, Any] = {"type": "string", "format": "ipv4"}
IPV6: dict[str, Any] = {"type": "string", "format": "ipv6"}
ADDRESS: dict[str, Any] = {"oneOf": [IPV4, IPV6]}
DISK_CONFIG: dict[str, Any] = {"enum": ["AUTO", "MANUAL"]}
PASSWORD: dict[str, Any] = {"type": "string"}
USER_DATA: dict[str, Any] = {
    "type": ["string", "null"],
    "maxLength": 65535,
    # The ends of lines belong to one part only: else each place between would be tried.
    "pattern": r"^[A-Za-z0-9+/\r\n]*(={1,2}[\r\n]*)?$",
}


def is_true(value: Any) -> bool:
    """A boolean as bodies write it."""
    return value in TRUE_VALUES


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}
