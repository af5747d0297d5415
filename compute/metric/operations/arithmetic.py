"""What is computed of single values.  What has no value is "not a number"."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

NONE = math.nan


@dataclass(frozen=True, slots=True)
class OfOne:
    """``compute(value, *arguments)``."""

    compute: Callable[..., float]
    arguments: int = 0


def _compared(compare: Callable[[float, float], bool]) -> Callable[..., float]:
    return lambda left, right: float(compare(left, right))


_ADD, _SUB, _MUL = operator.add, operator.sub, operator.mul
_DIV, _FLOOR, _MOD = operator.truediv, operator.floordiv, operator.mod
BINARY: Mapping[str, Callable[[float, float], float]] = {
    "+": _ADD,
    "add": _ADD,
    "plus": _ADD,
    "-": _SUB,
    "sub": _SUB,
    "minus": _SUB,
    "*": _MUL,
    "mul": _MUL,
    "multiply": _MUL,
    "/": _DIV,
    "div": _DIV,
    "divide": _DIV,
    "//": _FLOOR,
    "floordiv": _FLOOR,
    "%": _MOD,
    "mod": _MOD,
    "**": math.pow,
    "^": math.pow,
    "pow": math.pow,
    "power": math.pow,
    "==": _compared(operator.eq),
    "eq": _compared(operator.eq),
    "!=": _compared(operator.ne),
    "ne": _compared(operator.ne),
    "<": _compared(operator.lt),
    "lt": _compared(operator.lt),
    "<=": _compared(operator.le),
    "le": _compared(operator.le),
    ">": _compared(operator.gt),
    "gt": _compared(operator.gt),
    ">=": _compared(operator.ge),
    "ge": _compared(operator.ge),
    "max": max,
    "min": min,
}
UNARY: Mapping[str, OfOne] = {
    "abs": OfOne(abs),
    "absolute": OfOne(abs),
    "neg": OfOne(operator.neg),
    "negative": OfOne(operator.neg),
    "cos": OfOne(math.cos),
    "sin": OfOne(math.sin),
    "tan": OfOne(math.tan),
    "floor": OfOne(math.floor),
    "ceil": OfOne(math.ceil),
    "clip": OfOne(lambda value, least, most: min(max(value, least), most), 2),
    "clip_min": OfOne(max, 1),
    "clip_max": OfOne(min, 1),
    "rateofchange": OfOne(operator.sub),
}
RATE_OF_CHANGE = "rateofchange"
"""The one that looks at the value before."""


def of_two(name: str, left: float, right: float) -> float:
    """The operator's value; none where there is none."""
    if left != left or right != right:
        return NONE
    try:
        found = BINARY[name](left, right)
    except (ArithmeticError, ValueError):
        return NONE
    return float(found) if math.isfinite(found) else NONE


def of_one(name: str, value: float, arguments: tuple[float, ...]) -> float:
    """The operator's value; none where there is none."""
    if value != value:
        return NONE
    return float(UNARY[name].compute(value, *arguments))
