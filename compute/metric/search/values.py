"""Gnocchi's query of a metric's values: ``{"and": [{">=": 50}, {"<": 80}]}``.

Operators are those of resources' queries (``query.py``), each with a number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.errors import BadRequest
from compute.metric.errors import invalid_value
from compute.metric.search.tree import TreeCompiler

Condition = Callable[[float], bool]

# Each is asked of each value.
CONDITIONS_MAX = 20
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
    return _Compiler(CONDITIONS_MAX).compile(query)


class _Compiler(TreeCompiler[float]):
    def leaf(self, name: str, inside: Any) -> Condition:
        """See ``TreeCompiler``."""
        compare = _COMPARISONS.get(name)
        if compare is None:
            raise BadRequest(f"Invalid input: {name!r} is not for values")
        if isinstance(inside, bool) or not isinstance(inside, int | float):
            raise invalid_value("expected a number", name)
        wanted = float(inside)
        return lambda value: compare(value, wanted)
