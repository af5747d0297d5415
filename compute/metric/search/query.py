"""Gnocchi's query of JSON dictionaries, as a condition on a thing.

    {"=": {"project_id": "..."}}            also !=, <, <=, >, >=, in, like
    {"and": [query, ...]}  {"or": [...]}  {"not": query}

Operators have other names too (``eq``, ``≠``, ``ge``, ``∧`` ...).  A thing is its view:
a mapping of attributes.  Nothing is less or more than an attribute that is not set.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.metric.errors import invalid_input, invalid_value
from compute.metric.search.tree import TreeCompiler, parted
from compute.metric.series.moments import SECOND, moment

Thing = Mapping[str, Any]
Condition = Callable[[Thing], bool]
Query = Mapping[str, Any]

CONDITIONS_MAX = 200
VALUES_MAX = 1000
PATTERN_CHARACTERS_MAX = 255
MOMENTS = frozenset({"started_at", "ended_at", "revision_start", "revision_end"})

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(query: Any, attributes: Collection[str], now: float) -> Condition:
    """What the query asks.  ``attributes``: those that there are.  An empty query is
    true of everything.  ``BadRequest``."""
    if query in (None, {}):
        return lambda thing: True
    return _Compiler(attributes, now).compile(query)


class _Compiler(TreeCompiler[Thing]):
    def __init__(self, attributes: Collection[str], now: float) -> None:
        super().__init__(CONDITIONS_MAX)
        self._attributes = attributes
        self._now = now
        self._values = 0

    def leaf(self, name: str, inside: Any) -> Condition:
        """See ``TreeCompiler``."""
        if not isinstance(inside, dict) or len(inside) != 1:
            raise BadRequest(f"Invalid input: {name!r} needs one attribute")
        ((attribute, value),) = inside.items()
        if attribute not in self._attributes:
            raise BadRequest(f"Invalid input: no attribute {attribute[:64]!r}")
        return self._compare(name, attribute, value)

    def _compare(self, name: str, attribute: str, value: Any) -> Condition:
        if name == "in":
            if not isinstance(value, list):
                raise invalid_value("expected a list", name, attribute)
            if not value:
                reason = "length of value must be at least 1"
                raise invalid_value(reason, name, attribute)
            self._values += len(value)
            if self._values > VALUES_MAX:
                raise BadRequest(f"A query names at most {VALUES_MAX} values")
            wanted = frozenset(self._value(name, attribute, each) for each in value)
            return lambda thing: thing.get(attribute) in wanted
        if name == "like" and attribute == "id":
            reason = "value must not be one of ['id'] @ data['like']['id']"
            raise invalid_input(reason, name, attribute)
        wanted_one = self._value(name, attribute, value)
        if name == "=":
            return lambda thing: thing.get(attribute) == wanted_one
        if name == "!=":
            return lambda thing: thing.get(attribute) != wanted_one
        if name == "like":
            if not isinstance(value, str) or len(value) > PATTERN_CHARACTERS_MAX:
                raise BadRequest("Invalid input: 'like' needs a short text")
            like = _like(value)
            return lambda thing: _matches(like, thing.get(attribute))
        order = _ORDERS[name]
        return lambda thing: _is_ordered(order, thing.get(attribute), wanted_one)

    def _value(self, name: str, attribute: str, value: Any) -> Any:
        if isinstance(value, dict | list):
            raise invalid_value("expected str", name, attribute)
        if attribute in MOMENTS and value is not None:
            try:
                at = moment(value, int(self._now * SECOND))
            except ValueError as error:
                raise BadRequest(f"Invalid input: {error}") from None
            return shown_moment(at / SECOND)
        return value


def pinned(query: Any, attribute: str) -> list[str | None] | None:
    """The texts one of which the attribute must have; None: the query does not say so
    at once.  (What the database can look for.)"""
    if query in (None, {}):
        return None
    name, inside = parted(query)
    if name == "and" and isinstance(inside, list):
        for each in inside:
            found = pinned(each, attribute)
            if found is not None:
                return found
    if name in ("=", "in") and isinstance(inside, dict) and attribute in inside:
        value = inside[attribute]
        values = value if isinstance(value, list) else [value]
        if all(each is None or isinstance(each, str) for each in values):
            return values
    return None


def shown_moment(at: float) -> str:
    """A moment as things show it; such texts are in the order of their moments."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def seconds_of(text: str) -> float:
    """A shown moment's seconds."""
    return parse_iso(text)


def _is_ordered(order: Callable[[Any, Any], bool], value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        return False
    try:
        return order(value, wanted)
    except TypeError:  # a text and a number
        return False


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _like(pattern: str) -> re.Pattern[str]:
    """``%``: any characters, ``_``: one.  Each part is looked for from where the one
    before it was first found, and never again: so it takes no more time than both
    lengths say."""
    parts = [
        "".join("." if each == "_" else re.escape(each) for each in part)
        for part in pattern.split("%")
    ]
    first, *rest = parts
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z", re.DOTALL)
