"""Queries that join conditions by ``and``, ``or`` and ``not``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from compute.core.errors import BadRequest
from compute.metric.errors import invalid_value

T = TypeVar("T")

DEPTH_MAX = 20
OR_SIGN = "\N{LOGICAL OR}"
_NAMES = {
    "=": "=",
    "==": "=",
    "eq": "=",
    "!=": "!=",
    "≠": "!=",
    "ne": "!=",
    "<": "<",
    "lt": "<",
    "<=": "<=",
    "≤": "<=",
    "le": "<=",
    ">": ">",
    "gt": ">",
    ">=": ">=",
    "≥": ">=",
    "ge": ">=",
    "in": "in",
    "like": "like",
    "and": "and",
    "∧": "and",
    "or": "or",
    OR_SIGN: "or",
    "not": "not",
    "¬": "not",
}


class TreeCompiler(ABC, Generic[T]):
    """From one query to whether it is true of something."""

    def __init__(self, conditions_max: int) -> None:
        self._conditions_max = conditions_max
        self._count = 0

    @abstractmethod
    def leaf(self, name: str, inside: Any) -> Callable[[T], bool]:
        """A condition that joins no others.  ``BadRequest``."""

    def compile(self, query: Any, depth: int = 0) -> Callable[[T], bool]:
        """The whole of it.  ``BadRequest``, also for one that is too large."""
        name, inside = parted(query)
        self._count += 1
        if depth > DEPTH_MAX or self._count > self._conditions_max:
            raise BadRequest("The query is too large")
        if name in ("and", "or"):
            if not isinstance(inside, list) or not inside:
                raise invalid_value("expected a list", name)
            parts = [self.compile(each, depth + 1) for each in inside]
            joined = all if name == "and" else any
            return lambda thing: joined(part(thing) for part in parts)
        if name == "not":
            if not isinstance(inside, dict):
                raise invalid_value("expected a dictionary", name)
            part = self.compile(inside, depth + 1)
            return lambda thing: not part(thing)
        return self.leaf(name, inside)


def parted(query: Any) -> tuple[str, Any]:
    """The operator, by its first name, and what it is about.  ``BadRequest``."""
    if not isinstance(query, dict) or len(query) != 1:
        raise BadRequest("Invalid input: a query is an object with one operator")
    ((name, inside),) = query.items()
    if name not in _NAMES:
        raise BadRequest(f"Invalid input: no operator {name[:32]!r}")
    return _NAMES[name], inside
