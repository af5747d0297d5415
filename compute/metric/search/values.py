"""Gnocchi's query of a metric's values: ``{"and": [{">=": 50}, {"<": 80}]}``.

Operators are those of resources' queries (``query.py``), each with a number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.errors import BadRequest
from compute.metric.errors import invalid_value
from compute.metric.search.query import parted

Condition = Callable[[float], bool]

# Each is asked of each value.
CONDITIONS_MAX = 20
DEPTH_MAX = 20
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def value_condition(query: Any) -> Condition:
    """What the query asks of a value.  ``BadRequest``."""
    return _Compiler().compile(query, 0)


class _Compiler:
    def __init__(self) -> None:
        self._count = 0

    def compile(self, query: Any, depth: int) -> Condition:
        name, inside = parted(query)
        self._count += 1
        if depth > DEPTH_MAX or self._count > CONDITIONS_MAX:
            raise BadRequest("The query is too large")
        if name in ("and", "or"):
            if not isinstance(inside, list) or not inside:
                raise invalid_value("expected a list", name)
            parts = [self.compile(each, depth + 1) for each in inside]
            together = all if name == "and" else any
            return lambda value: together(part(value) for part in parts)
        if name == "not":
            part = self.compile(inside, depth + 1)
            return lambda value: not part(value)
        compare = _COMPARISONS.get(name)
        if compare is None:
            raise BadRequest(f"Invalid input: {name!r} is not for values")
        if isinstance(inside, bool) or not isinstance(inside, int | float):
            raise invalid_value("expected a number", name)
        wanted = float(inside)
        return lambda value: compare(value, wanted)
