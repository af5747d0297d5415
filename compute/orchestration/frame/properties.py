"""What a resource type's properties are, and a template's values held against it.

    PROPERTIES = {
        "name": Property(STRING, "The name", updatable=True),
        "networks": Property(LIST, "...", items=Property(MAP, schema={...})),
    }

``checked`` is pure: it converts as YAML's users expect ("3" for 3, "yes" for true),
puts defaults in, and raises ``Invalid`` that names the property.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from compute.orchestration.errors import Invalid
from compute.orchestration.template.constraints import Constraint
from compute.orchestration.template.scalars import number, text_of, truth, whole_number
from compute.orchestration.template.unknown import UNKNOWN, Unknown, has_unknown

__all__ = [
    "ANY",
    "BOOLEAN",
    "INTEGER",
    "LIST",
    "MAP",
    "NUMBER",
    "STRING",
    "UNKNOWN",
    "Attribute",
    "Property",
    "Schema",
    "Unknown",
    "checked",
    "convert",
    "has_unknown",
]

STRING, INTEGER, NUMBER, BOOLEAN = "string", "integer", "number", "boolean"
MAP, LIST, ANY = "map", "list", "any"

# Values in values; templates are held to less.
DEPTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Property:
    """One property.  ``updatable``: it can be changed in place; otherwise a change
    replaces the resource, or is refused where it is ``immutable``.  ``schema``: of a
    map's entries (None: any); ``items``: of each element of a list.  ``secret``: its
    value is never shown."""

    kind: str
    description: str = ""
    default: Any = None
    required: bool = False
    updatable: bool = False
    immutable: bool = False
    secret: bool = False
    constraints: Sequence[Constraint] = ()
    schema: Mapping[str, Property] | None = None
    items: Property | None = None

    def show(self) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = {
            "type": "boolean" if self.kind == BOOLEAN else self.kind,
            "description": self.description,
            "required": self.required,
            "update_allowed": self.updatable,
            "immutable": self.immutable,
        }
        if self.default is not None:
            shown["default"] = self.default
        if self.constraints:
            shown["constraints"] = [
                {**each.show(), **_described(each.description)}
                for each in self.constraints
            ]
        if self.schema is not None:
            shown["schema"] = {name: each.show() for name, each in self.schema.items()}
        elif self.items is not None:
            shown["schema"] = {"*": self.items.show()}
        return shown


Schema = Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What can be asked of a resource that is there; ``kind``: of its value."""

    description: str
    kind: str = STRING

    def show(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"description": self.description, "type": self.kind}


def checked(
    schema: Schema, values: Mapping[str, Any], where: str = "properties"
) -> dict[str, Any]:
    """The properties, converted, with their defaults; None for what is not given and
    has none.  ``Invalid`` names the first that is wrong."""
    return _entries(schema, values, where, 0)


def _entries(
    schema: Schema, values: Mapping[str, Any], where: str, depth: int
) -> dict[str, Any]:
    for name in values:
        if name not in schema:
            raise Invalid(f"{where}: Unknown Property {name}")
    found: dict[str, Any] = {}
    for name, rule in schema.items():
        value = values.get(name)
        if value is None:
            value = rule.default
        if value is None and rule.required:
            raise Invalid(f"{where}: Property {name} not assigned")
        if value is not None:
            value = convert(rule, value, f"{where}.{name}", depth + 1)
        found[name] = value
    return found


def convert(rule: Property, value: Any, where: str, depth: int = 0) -> Any:
    """One value by its rule."""
    if isinstance(value, Unknown):
        return value
    if depth > DEPTH_MAX:
        raise Invalid(f"{where}: it is too deep")
    try:
        found = _of_kind(rule, value, where, depth)
    except (TypeError, ValueError, OverflowError):
        shown = "" if rule.secret else f": {_short(value)}"
        raise Invalid(f"{where}: Value is not {_article(rule.kind)}{shown}") from None
    if has_unknown(found):
        return found
    for constraint in rule.constraints:
        problem = constraint.problem(found)
        if problem:
            text = "a secret value is not allowed" if rule.secret else problem
            raise Invalid(f"{where}: {constraint.description or text}")
    return found


def _of_kind(rule: Property, value: Any, where: str, depth: int) -> Any:
    if rule.kind == STRING:
        return text_of(value)
    if rule.kind == INTEGER:
        return whole_number(value)
    if rule.kind == NUMBER:
        return number(value)
    if rule.kind == BOOLEAN:
        return truth(value)
    if rule.kind == MAP:
        return _map(rule, value, where, depth)
    if rule.kind == LIST:
        return _list(rule, value, where, depth)
    return value


def _map(rule: Property, value: Any, where: str, depth: int) -> dict[str, Any]:
    if isinstance(value, str):
        value = orjson.loads(value) if value else {}
    if not isinstance(value, Mapping):
        raise TypeError
    if rule.schema is None:
        return dict(value)
    return _entries(rule.schema, value, where, depth)


def _list(rule: Property, value: Any, where: str, depth: int) -> list[Any]:
    if isinstance(value, str):
        value = value.split(",") if value else []
    if not isinstance(value, list):
        raise TypeError
    if rule.items is None:
        return list(value)
    return [
        convert(rule.items, each, f"{where}[{position}]", depth + 1)
        for position, each in enumerate(value)
        if each is not None
    ]


def _described(description: str) -> dict[str, str]:
    return {"description": description} if description else {}


def _article(kind: str) -> str:
    return f"{'an' if kind in (INTEGER, ANY) else 'a'} {kind}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:100] + " ..."
