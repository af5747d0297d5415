"""What may be written of a thing: each attribute with its schema and default.

``FIELDS.new(body)`` gives all attributes of a POST, ``FIELDS.changes(body)`` those of a
PUT; null means the default.  Unknown attributes are refused.  What Octavia has and no
part of this cloud could do (``Unsupported``) may be named as long as it asks for
nothing; else 501.  Numbers and truth values may come as text, as the field's clients
send some of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotSupported

NAME_CHARACTERS_MAX = 255
TAGS_MAX = 100
ITEMS_MAX = 250

# Nothing that would end a line of a configuration.
PLAIN = r"^[^\x00-\x1f\x7f]*$"
TEXT = {"type": "string", "maxLength": NAME_CHARACTERS_MAX}
BOOLEAN = {"type": "boolean"}
ID = {"type": "string", "format": "uuid", "maxLength": 36}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
ADDRESS = {"type": "string", "maxLength": 64}
TAGS = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX},
    "maxItems": TAGS_MAX,
}
OBJECTS = {"type": "array", "items": {"type": "object"}, "maxItems": ITEMS_MAX}
OBJECT = {"type": "object"}

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile("-?[0-9]{1,18}")
_MISSING: Any = object()
_NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


def words(*values: str) -> dict[str, Any]:
    """One of these words."""
    return {"enum": list(values)}


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute.  ``column``: where it is kept, when not under its name; "-": not
    in a column of its own."""

    name: str
    schema: Mapping[str, Any]
    default: Any = _MISSING
    required: bool = False
    create: bool = True
    update: bool = True
    column: str = ""


STANDARD = (
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("admin_state_up", BOOLEAN, default=True, column="admin_up"),
    Field("tags", TAGS, default=(), column="-"),
)


class Fields:
    """The attributes of one kind of thing that clients may write."""

    def __init__(self, *fields: Field, unsupported: tuple[str, ...] = ()) -> None:
        self._fields = {field.name: field for field in (*STANDARD, *fields)}
        self._unsupported = frozenset(unsupported)
        self._schemas = {
            name: Schema({"type": "object", "properties": {name: dict(field.schema)}})
            for name, field in self._fields.items()
        }

    @property
    def unsupported(self) -> frozenset[str]:
        """Attributes that are shown as null."""
        return self._unsupported

    def new(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A POST's attributes, with defaults.  ``BadRequest``, 501."""
        given = self._plain(body, "create")
        for field in self._fields.values():
            if field.create and field.name not in given:
                if field.required:
                    raise BadRequest(
                        "Invalid input for field/attribute"
                        f" {field.name}. Mandatory field missing."
                    )
                given[field.name] = None if field.default is _MISSING else field.default
        return given

    def changes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A PUT's attributes.  ``BadRequest``, 501."""
        return self._plain(body, "update", nulls=True)

    def columns(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the columns that attributes are kept in."""
        found = {}
        for name, value in attributes.items():
            field = self._fields[name]
            if field.column != "-":
                found[field.column or name] = value
        return found

    def _plain(
        self, body: Mapping[str, Any], verb: str, *, nulls: bool = False
    ) -> dict[str, Any]:
        found = {}
        for name, value in body.items():
            if name in self._unsupported:
                if value not in _NOTHING:
                    raise NotSupported(
                        "Provider 'haproxy' does not support a requested option:"
                        f" {name}"
                    )
                continue
            field = self._fields.get(name)
            if field is None or not getattr(field, verb):
                shown = name[:NAME_CHARACTERS_MAX]
                raise BadRequest(f"Unknown attribute for argument {shown}")
            if value is None:
                if field.default is _MISSING:
                    raise BadRequest(
                        f"Invalid input for field/attribute {name}. Value: 'None'."
                    )
                if nulls:
                    found[name] = field.default
                continue
            found[name] = _from_text(field.schema, value)
            self._schemas[name].check({name: found[name]})
        return found


def _from_text(schema: Mapping[str, Any], value: Any) -> Any:
    """The number or truth value that a text stands for."""
    kind = schema.get("type", ())
    if kind == "boolean":
        # Not by ``in``: 1 and True are the same to a set.
        word = str(value).lower() if isinstance(value, int | str) else ""
        return _TRUTH.get(word, value)
    if kind == "integer" and isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value
