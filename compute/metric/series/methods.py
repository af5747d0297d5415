"""Aggregation methods: many values of a period to one, by the names of Gnocchi.

``mean``, ``min``, ``max``, ``sum``, ``std`` (of a sample: none for a single value),
``median``, ``first``, ``last``, ``count`` and ``1pct`` to ``99pct``; and ``rate:`` with
each: the same over the differences of each measure to the one before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

Values = Sequence[float]
Method = Callable[[Values], float]

RATE = "rate:"
ABSENT = math.nan
"""The value of a period for which a method has none."""

_PERCENT = re.compile(r"([1-9]\d?)pct\Z", re.ASCII)


def _mean(values: Values) -> float:
    return math.fsum(values) / len(values)


def _std(values: Values) -> float:
    if len(values) < 2:
        return ABSENT
    mean = _mean(values)
    return math.sqrt(
        math.fsum((each - mean) ** 2 for each in values) / (len(values) - 1)
    )


def percentile(values: Values, percent: float) -> float:
    """Between the two values nearest to it, in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    if below + 1 >= len(ordered):
        return ordered[-1]
    part = place - below
    return ordered[below] * (1 - part) + ordered[below + 1] * part


def _median(values: Values) -> float:
    return percentile(values, 50)


_PLAIN: dict[str, Method] = {
    "mean": _mean,
    "min": min,
    "max": max,
    "sum": math.fsum,
    "std": _std,
    "median": _median,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "count": lambda values: float(len(values)),
}
PLAIN_NAMES = tuple(_PLAIN)
ALL_NAMES = (*PLAIN_NAMES, *(f"{percent}pct" for percent in range(1, 100)))
CAPABILITIES = (*ALL_NAMES, *(RATE + name for name in ALL_NAMES))


def is_rate(name: str) -> bool:
    """Whether the method looks at differences."""
    return name.startswith(RATE)


def is_method(name: str) -> bool:
    """Whether there is such a method."""
    plain = name.removeprefix(RATE)
    return plain in _PLAIN or _PERCENT.match(plain) is not None


def method(name: str) -> Method:
    """What aggregates values (or differences: the part after ``rate:``).  What is too
    large for a number is ``ABSENT``.  ``KeyError`` for a name that is none."""
    plain = name.removeprefix(RATE)
    found = _PLAIN.get(plain)
    if found is not None:
        return _total(found)
    match = _PERCENT.match(plain)
    if match is None:
        raise KeyError(name)
    percent = int(match[1])
    return _total(lambda values: percentile(values, percent))


def _total(aggregate: Method) -> Method:
    """A sum of numbers may be none: whoever sent them must not stop those who fold."""

    def total(values: Values) -> float:
        try:
            found = aggregate(values)
        except (ArithmeticError, ValueError):
            return ABSENT
        return found if math.isfinite(found) else ABSENT

    return total


def method_again(name: str) -> Method:
    """What aggregates values that the method has made already, into longer periods: how
    many there were is a sum then."""
    return method("sum" if name.removeprefix(RATE) == "count" else name)
