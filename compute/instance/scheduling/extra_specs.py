"""The little language in which flavors say what they want of a host's value.

8            equal, as texts          <or> a <or> b      one of them
= 8  == 8    at least / equal (numbers)   != 8  >= 8  <= 8
s== x  s!= x  s< x  s<= x  s> x  s>= x    as texts
<in> x       contains                 <all-in> a b       contains all
"""

from __future__ import annotations

import operator
from collections.abc import Callable

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
}


def matches(value: str, wanted: str) -> bool:
    """Whether a host's ``value`` is what the flavor wants."""
    words = wanted.split()
    if not words:
        return value == wanted
    first, rest = words[0], words[1:]
    if first == "<or>":
        return value in [word for word in words if word != "<or>"]
    if first == "<in>":
        return all(word in value for word in rest if word != "<in>")
    if first == "<all-in>":
        return all(word in value.split() for word in rest)
    if first in _TEXTS and rest:
        return _TEXTS[first](value, rest[0])
    if first in _NUMBERS and rest:
        try:
            return _NUMBERS[first](float(value), float(rest[0]))
        except ValueError:
            return False
    return value == wanted
