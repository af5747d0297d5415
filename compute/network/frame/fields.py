"""What may be written of a resource: each attribute with its schema and default.

    FIELDS = Fields(
        Field("name", TEXT, default=""),
        Field("network_id", UUID, update=False, required=True),
    )

``FIELDS.new(body)`` gives all attributes of a POST, ``FIELDS.changes(body)`` those of a
PUT; both refuse attributes that are unknown, or may not be set then, by name.  A number
or a truth value may come as text, as Neutron's clients send some of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest

NAME_CHARACTERS_MAX = 255
ITEMS_MAX = 1000  # of any list in a body

TEXT = {"type": "string", "maxLength": NAME_CHARACTERS_MAX}
TEXT_OR_NULL = {"type": ["string", "null"], "maxLength": NAME_CHARACTERS_MAX}
BOOLEAN = {"type": "boolean"}
INTEGER_OR_NULL = {"type": ["integer", "null"]}
UUID = {"type": "string", "format": "uuid", "maxLength": 36}
UUID_OR_NULL = {"type": ["string", "null"], "format": "uuid", "maxLength": 36}
TEXTS = {"type": "array", "items": TEXT, "maxItems": ITEMS_MAX}
TEXTS_OR_NULL = {"type": ["array", "null"], "items": TEXT, "maxItems": ITEMS_MAX}
OBJECT = {"type": "object", "maxProperties": ITEMS_MAX}

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile("-?[0-9]{1,18}")
_MISSING: Any = object()


def objects(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> Any:
    """The schema of a list of objects (null: none)."""
    item = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    return {"type": ["array", "null"], "items": item, "maxItems": ITEMS_MAX}


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute.  Without ``default`` and not ``required`` it may be absent."""

    name: str
    schema: Mapping[str, Any]
    default: Any = _MISSING
    required: bool = False
    create: bool = True
    update: bool = True

    @property
    def has_default(self) -> bool:
        """Whether a POST without it means something."""
        return self.default is not _MISSING


class Fields:
    """The attributes of one resource that clients may write."""

    def __init__(self, *fields: Field) -> None:
        self._fields = {field.name: field for field in fields}
        self._create = self._schema([each for each in fields if each.create], True)
        self._update = self._schema([each for each in fields if each.update], False)

    def new(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A POST's attributes, with defaults.  ``BadRequest``."""
        self._known(body, [name for name, each in self._fields.items() if each.create])
        body = self._plain(body)
        self._create.check(body)
        found = {
            name: each.default
            for name, each in self._fields.items()
            if each.create and each.has_default
        }
        return {**found, **body}

    def changes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A PUT's attributes.  ``BadRequest``."""
        allowed = [name for name, each in self._fields.items() if each.update]
        for name in body:
            if name in self._fields and name not in allowed:
                raise BadRequest(f"Cannot update read-only attribute {name}")
        self._known(body, allowed)
        body = self._plain(body)
        self._update.check(body)
        return dict(body)

    def is_default(self, name: str, value: Any) -> bool:
        """Whether a POST without the attribute would mean the same."""
        field = self._fields.get(name)
        return field is not None and field.has_default and field.default == value

    def _plain(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: _from_text(self._fields[name].schema, value)
            for name, value in body.items()
        }

    def _known(self, body: Mapping[str, Any], allowed: list[str]) -> None:
        unknown = sorted(set(body) - set(allowed))
        if unknown:
            names = ", ".join(name[:NAME_CHARACTERS_MAX] for name in unknown)
            raise BadRequest(f"Unrecognized attribute(s) '{names}'")

    @staticmethod
    def _schema(fields: list[Field], creating: bool) -> Schema:
        return Schema(
            {
                "type": "object",
                "properties": {each.name: dict(each.schema) for each in fields},
                "required": [
                    each.name for each in fields if each.required and creating
                ],
            }
        )


def _from_text(schema: Mapping[str, Any], value: Any) -> Any:
    """The number or truth value that a text stands for, where no text belongs."""
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if "boolean" in kinds:
        # Not by ``in``: 1 and True are the same to a set.
        word = str(value).lower() if isinstance(value, int | str) else ""
        return _TRUTH.get(word, value)
    if "integer" in kinds and "string" not in kinds and isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else value
    return value
