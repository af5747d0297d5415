"""What lists of alarms and of changes are asked for: filters, order, pages; as SQL.

Simple: ``q.field=name&q.op=eq&q.value=cpu`` again and again, all of them hold.  Rich: a
tree, ``{"and": [{"=": {"state": "alarm"}}, {"not": {"=": {"enabled": false}}}]}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from compute.alarm import tables
from compute.core.api.pagination import PAGE_MAX
from compute.core.api.query import Query, boolean_of
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso

Condition = sa.ColumnElement[bool]
Column = sa.ColumnElement[Any]
Order = list[tuple[Column, bool]]

NODES_MAX = 100
DEPTH_MAX = 16
SORTS_MAX = 8
LIST_MAX = 100

_COMPARE: Mapping[str, Callable[[Column, Any], Condition]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}
_SIGNS = {"=": "eq", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", "=<": "le"}
_SIGNS |= {">": "gt", ">=": "ge", "=>": "ge"}


@dataclass(frozen=True, slots=True)
class Fields:
    """What can be asked of one kind of thing.  ``unique``: the column that a marker
    names, and that makes any order one."""

    columns: Mapping[str, sa.Column[Any]]
    unique: sa.Column[Any]
    default: Order

    def column(self, name: Any) -> sa.Column[Any]:
        """The column of a field; ``BadRequest``."""
        if not isinstance(name, str) or name not in self.columns:
            known = ", ".join(sorted(self.columns))
            raise BadRequest(f"unknown field {str(name)[:50]}: there are {known}")
        return self.columns[name]


_a, _h = tables.alarms.c, tables.changes.c
ALARMS = Fields(
    {
        "alarm_id": _a.id,
        "project_id": _a.project_id,
        "user_id": _a.user_id,
        "name": _a.name,
        "description": _a.description,
        "type": _a.type,
        "enabled": _a.enabled,
        "severity": _a.severity,
        "repeat_actions": _a.repeat_actions,
        "state": _a.state,
        "timestamp": _a.updated_at,
        "state_timestamp": _a.state_at,
        "evaluate_timestamp": _a.evaluated_at,
    },
    _a.id,
    [(_a.updated_at, True)],
)
CHANGES = Fields(
    {
        "event_id": _h.id,
        "alarm_id": _h.alarm_id,
        "type": _h.type,
        "user_id": _h.user_id,
        "project_id": _h.project_id,
        "on_behalf_of": _h.on_behalf_of,
        "severity": _h.severity,
        "timestamp": _h.at,
    },
    _h.number,
    [(_h.at, True)],
)


def simple_pairs(query: Query) -> list[tuple[str, str, str]]:
    """Field, operator, value of each ``q``; ``BadRequest`` when they do not match."""
    fields = query.all("q.field")
    values = query.all("q.value")
    signs = query.all("q.op") or ["eq"] * len(fields)
    if not len(fields) == len(values) == len(signs):
        raise BadRequest("Each q.field has a q.op and a q.value")
    return list(zip(fields, signs, values, strict=True))


def simple_condition(fields: Fields, name: str, sign: str, value: str) -> Condition:
    """One ``q``."""
    if sign not in _COMPARE:
        raise BadRequest(f"q.op {sign[:20]} is not one of {', '.join(_COMPARE)}")
    column = fields.column(name)
    return _COMPARE[sign](column, _value(name, column, value))


def rich_condition(fields: Fields, text: Any) -> Condition:
    """A tree, as JSON in a text (as clients send it) or as it is."""
    tree = _json("filter", text)
    if not tree:
        return sa.true()
    nodes = 0

    def walk(each: Any, depth: int) -> Condition:
        nonlocal nodes
        nodes += 1
        if nodes > NODES_MAX or depth > DEPTH_MAX:
            raise BadRequest(f"filter has at most {NODES_MAX} parts, {DEPTH_MAX} deep")
        if not isinstance(each, dict) or len(each) != 1:
            raise BadRequest("each part of filter is a map of one entry")
        ((word, inner),) = each.items()
        word = str(word).lower()
        if word == "not":
            return sa.not_(walk(inner, depth + 1))
        if word in ("and", "or"):
            if not isinstance(inner, list) or not inner:
                raise BadRequest(f"{word} in filter has a list")
            parts = [walk(one, depth + 1) for one in inner]
            return sa.and_(*parts) if word == "and" else sa.or_(*parts)
        return _leaf(fields, word, inner)

    return walk(tree, 1)


def _leaf(fields: Fields, word: str, inner: Any) -> Condition:
    if not isinstance(inner, dict) or len(inner) != 1:
        raise BadRequest("a comparison in filter has one field and its value")
    ((name, value),) = inner.items()
    column = fields.column(name)
    if word == "in":
        if not isinstance(value, list) or len(value) > LIST_MAX:
            raise BadRequest(f"in has a list of at most {LIST_MAX} values")
        return column.in_([_value(name, column, each) for each in value])
    sign = _SIGNS.get(word, word)
    if sign not in _COMPARE:
        raise BadRequest(f"filter knows no {word[:20]}")
    return _COMPARE[sign](column, _value(name, column, value))


def rich_order(fields: Fields, text: Any) -> Order:
    """``[{"name": "asc"}, ...]``, or nothing."""
    found = _json("orderby", text) or []
    if not isinstance(found, list) or len(found) > SORTS_MAX:
        raise BadRequest(f"orderby is a list of at most {SORTS_MAX} maps")
    order: Order = []
    for each in found:
        if not isinstance(each, dict) or len(each) != 1:
            raise BadRequest("each part of orderby is a map of one entry")
        ((name, direction),) = each.items()
        order.append((fields.column(name), _is_descending(direction)))
    return _complete(fields, order)


def simple_order(fields: Fields, query: Query) -> Order:
    """``sort=name:asc``, again and again."""
    order: Order = []
    for text in query.all("sort")[:SORTS_MAX]:
        name, _, direction = text.partition(":")
        order.append((fields.column(name), _is_descending(direction or "asc")))
    return _complete(fields, order)


def limit_of(given: Any) -> int:
    """How many at most; ``BadRequest``."""
    if given in (None, ""):
        return PAGE_MAX
    text = str(given)
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 10:
        raise BadRequest("limit is a number of one or more")
    if int(text) == 0:
        raise BadRequest("Limit must be positive")
    return min(int(text), PAGE_MAX)


def _complete(fields: Fields, order: Order) -> Order:
    found = order or list(fields.default)
    return [*found, (fields.unique, found[0][1])]


def _is_descending(direction: Any) -> bool:
    word = str(direction).lower()
    if word not in ("asc", "desc"):
        raise BadRequest(f"{word[:20]} is not a sort direction: asc or desc")
    return word == "desc"


def _json(name: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        raise BadRequest(f"{name} is not valid JSON") from None


def _value(name: str, column: sa.Column[Any], value: Any) -> Any:
    """As the column has it."""
    if isinstance(column.type, sa.Boolean):
        return boolean_of(name, str(value))
    if isinstance(column.type, sa.Double):
        try:
            return parse_iso(str(value))
        except (ValueError, OverflowError):
            raise BadRequest(f"{name} is compared with a moment (ISO 8601)") from None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise BadRequest(f"{name} is compared with a text")
    if isinstance(value, str) and "\0" in value:
        raise BadRequest(f"{name} is compared with a text without zeros")
    return str(value)
